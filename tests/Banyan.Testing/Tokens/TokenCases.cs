
namespace Banyan.Testing.Tokens;

/// <summary>Tokens that are refused, each for its reason. Shared by the tests of the engine and of the running sidecar.</summary>
public static class TokenCases
{
    private const string Rs = """{"alg": "RS256", "kid": "rsa"}""";

    /// <summary>Name, reason, token.</summary>
    public static IEnumerable<(string Name, string Reason, Func<TestIssuer, string> Token)> Bad =>
    [
        ("no dots", "malformed", _ => "abc"),
        ("empty", "malformed", _ => ""),
        ("two parts", "malformed", i => string.Join('.', i.Good().Split('.')[..2])),
        ("four parts", "malformed", i => i.Good() + ".x"),
        ("empty header", "malformed", i => i.Good()[i.Good().IndexOf('.', StringComparison.Ordinal)..]),
        ("empty payload", "malformed", i => $"{TestIssuer.Text(Rs)}..{i.Good().Split('.')[2]}"),
        ("padding", "malformed", i => i.Good() + "=="),
        ("plus and slash", "malformed", i => "+/" + i.Good()),
        ("a space inside", "malformed", i => i.Good().Insert(20, " ")),
        ("length no base64 has", "malformed", i => $"{TestIssuer.Text(Rs)}.{TestIssuer.Text(TestIssuer.Payload())}.aaaaa"),
        ("header no JSON", "malformed", i => i.Good()[i.Good().IndexOf('.', StringComparison.Ordinal)..].Insert(0, TestIssuer.Text("{alg"))),
        ("header a list", "malformed", i => i.Good()[i.Good().IndexOf('.', StringComparison.Ordinal)..].Insert(0, TestIssuer.Text("[]"))),
        ("payload no JSON", "malformed", i => i.Token(Rs, "{\"iss\": ")),
        ("payload a text", "malformed", i => i.Token(Rs, "\"x\"")),
        ("payload with a comment", "malformed", i => i.Token(Rs, "/* */" + TestIssuer.Payload())),
        ("payload with a comma too many", "malformed", i => i.Token(Rs, TestIssuer.Payload().Replace("}", ",}", StringComparison.Ordinal))),
        ("payload deep", "malformed", i => i.Token(Rs, TestIssuer.Payload($"\"x\": {new string('[', 20)}{new string(']', 20)}"))),
        ("half a surrogate pair", "malformed", i => i.Token(Rs, TestIssuer.Payload("\"role\": \"\\ud800\""))),
        ("exp a text", "malformed", i => i.Token(Rs, TestIssuer.Payload().Replace("\"exp\": ", "\"exp\": \"9\", \"x\": ", StringComparison.Ordinal))),
        ("exp negative", "malformed", i => i.Token(Rs, TestIssuer.Payload(expires: -1))),
        ("exp beyond all time", "malformed", i => i.Token(Rs, TestIssuer.Payload(expires: long.MaxValue))),
        ("nbf a text", "malformed", i => i.Token(Rs, TestIssuer.Payload("\"nbf\": \"0\""))),
        ("16 KB and more", "too-long", i => i.Token(Rs, TestIssuer.Payload($"\"x\": \"{new string('a', 13_000)}\""))),
        ("a claim twice", "duplicate-name", i => i.Token(Rs, TestIssuer.Payload("\"sub\": \"admin\""))),
        ("a claim twice, escaped", "duplicate-name", i => i.Token(Rs, TestIssuer.Payload("\"s\\u0075b\": \"admin\""))),
        ("a claim twice inside", "duplicate-name", i => i.Token(Rs, TestIssuer.Payload("\"o\": [{\"a\": 1, \"a\": 2}]"))),
        ("alg twice", "duplicate-name", i => i.Token("""{"alg": "RS256", "kid": "rsa", "alg": "none"}""", TestIssuer.Payload())),
        ("crit", "critical", i => i.Token("""{"alg": "RS256", "kid": "rsa", "crit": ["exp"]}""", TestIssuer.Payload())),
        ("crit empty", "critical", i => i.Token("""{"alg": "RS256", "kid": "rsa", "crit": []}""", TestIssuer.Payload())),
        ("b64 false", "critical", i => i.Token("""{"alg": "RS256", "kid": "rsa", "b64": false}""", TestIssuer.Payload())),
        ("alg none", "algorithm", i => i.Token("""{"alg": "none", "kid": "rsa"}""", TestIssuer.Payload())),
        ("alg None", "algorithm", i => i.Token("""{"alg": "None", "kid": "rsa"}""", TestIssuer.Payload())),
        ("alg none with a good signature", "algorithm", i => $"{TestIssuer.Text("""{"alg": "none", "kid": "rsa"}""")}.{i.Good().Split('.', 2)[1]}"),
        ("alg missing", "algorithm", i => i.Token("""{"kid": "rsa"}""", TestIssuer.Payload())),
        ("alg a number", "algorithm", i => i.Token("""{"alg": 1, "kid": "rsa"}""", TestIssuer.Payload())),
        ("alg in small letters", "algorithm", i => i.Token("""{"alg": "rs256", "kid": "rsa"}""", TestIssuer.Payload())),
        ("HS256 with the public key as secret", "algorithm", i => i.Token("""{"alg": "HS256", "kid": "rsa"}""", TestIssuer.Payload())),
        ("HS384 with its PEM as secret", "algorithm", i => i.Token("""{"alg": "HS384", "kid": "rsa"}""", TestIssuer.Payload())),
        ("kid missing", "no-key-id", i => i.Token("""{"alg": "RS256"}""", TestIssuer.Payload())),
        ("kid empty", "no-key-id", i => i.Token("""{"alg": "RS256", "kid": ""}""", TestIssuer.Payload())),
        ("kid a number", "no-key-id", i => i.Token("""{"alg": "RS256", "kid": 1}""", TestIssuer.Payload())),
        ("kid of nobody", "unknown-key", i => i.Token("""{"alg": "RS256", "kid": "RSA"}""", TestIssuer.Payload())),
        ("kid a path", "unknown-key", i => i.Token("""{"alg": "RS256", "kid": "../../rsa"}""", TestIssuer.Payload())),
        ("key in the header", "unknown-key", i => i.Token("""{"alg": "RS256", "kid": "mine", "jku": "http://127.0.0.1/", "jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}}""", TestIssuer.Payload())),
        ("RSA with a key for ES256", "key-mismatch", i => i.Token("""{"alg": "RS256", "kid": "p256"}""", TestIssuer.Payload())),
        ("ES256 with a key for RSA", "key-mismatch", i => i.Token("""{"alg": "ES256", "kid": "rsa"}""", TestIssuer.Payload())),
        ("ES256 on another curve", "key-mismatch", i => i.Token("""{"alg": "ES256", "kid": "p384"}""", TestIssuer.Payload())),
        ("ES384 on another curve", "key-mismatch", i => i.Token("""{"alg": "ES384", "kid": "p256"}""", TestIssuer.Payload())),
        ("PS256 with a key for RS256 alone", "key-mismatch", i => i.Token("""{"alg": "PS256", "kid": "rs256-only"}""", TestIssuer.Payload())),
        ("iss missing", "issuer", i => i.Token(Rs, $$"""{"aud": "shop", "exp": {{TestIssuer.Now + 600}} }""")),
        ("iss of somebody else", "issuer", i => i.Token(Rs, TestIssuer.Payload(issuer: "https://id.example.evil"))),
        ("iss with a slash more", "issuer", i => i.Token(Rs, TestIssuer.Payload(issuer: TestIssuer.Name + "/"))),
        ("iss in capitals", "issuer", i => i.Token(Rs, TestIssuer.Payload(issuer: TestIssuer.Name.ToUpperInvariant()))),
        ("aud missing", "audience", i => i.Token(Rs, $$"""{"iss": "{{TestIssuer.Name}}", "exp": {{TestIssuer.Now + 600}} }""")),
        ("aud somebody else", "audience", i => i.Token(Rs, TestIssuer.Payload(audience: "\"shopping\""))),
        ("aud others", "audience", i => i.Token(Rs, TestIssuer.Payload(audience: "[\"a\", \"b\"]"))),
        ("aud no text", "audience", i => i.Token(Rs, TestIssuer.Payload(audience: "{\"shop\": 1}"))),
        ("exp missing", "no-expiry", i => i.Token(Rs, $$"""{"iss": "{{TestIssuer.Name}}", "aud": "shop"}""")),
        ("expired", "expired", i => i.Token(Rs, TestIssuer.Payload(expires: TestIssuer.Now - 61))),
        ("expired long ago", "expired", i => i.Token(Rs, TestIssuer.Payload(expires: 0))),
        ("not yet valid", "not-yet-valid", i => i.Token(Rs, TestIssuer.Payload($"\"nbf\": {TestIssuer.Now + 120}"))),
        ("no signature", "signature", i => i.Good()[..(i.Good().LastIndexOf('.') + 1)]),
        ("another signature", "signature", i => $"{i.Good()[..i.Good().LastIndexOf('.')]}.{i.Good(payload: TestIssuer.Payload(subject: "bob")).Split('.')[2]}"),
        ("another payload", "signature", i => Swap(i.Good(), 1, TestIssuer.Text(TestIssuer.Payload(subject: "admin")))),
        ("another header", "signature", i => Swap(i.Good(), 0, TestIssuer.Text("""{"kid": "rsa", "alg": "RS256"}"""))),
        ("RS256 called PS256", "signature", i => Swap(i.Good(), 0, TestIssuer.Text("""{"alg": "PS256", "kid": "rsa", "typ": "JWT"}"""))),
        ("RS256 called RS512", "signature", i => Swap(i.Good(), 0, TestIssuer.Text("""{"alg": "RS512", "kid": "rsa", "typ": "JWT"}"""))),
        ("a curve's signature in zeros", "signature", i => Swap(i.Good("ES256"), 2, TestIssuer.Text(new string('\0', 64)))),
        ("a curve's signature cut", "signature", i => i.Good("ES256")[..^6]),
        ("a curve's signature in DER", "signature", i => Swap(i.Good("ES256"), 2, TestIssuer.Text("0\u0006\u0002\u0001\u0001\u0002\u0001\u0001"))),
    ];

    private static string Swap(string token, int part, string with)
    {
        var parts = token.Split('.');
        parts[part] = with;
        return string.Join('.', parts);
    }
}
