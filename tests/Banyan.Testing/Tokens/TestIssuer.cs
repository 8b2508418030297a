using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Banyan.Testing.Tokens;

/// <summary>An issuer of tokens: keys of every kind, and tokens good and bad.</summary>
public sealed class TestIssuer
{
    /// <summary>Its name: the claim iss.</summary>
    public const string Name = "https://id.example";

    // Making these takes a while; what they sign is the same for all tests.
    private static readonly RSA FirstRsa = RSA.Create(2048);
    private static readonly RSA OtherRsa = RSA.Create(2048);

    private readonly RSA _rsa = FirstRsa;
    private readonly ECDsa _p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa _p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);

    /// <summary>The public keys: <c>rsa</c>, <c>rs256-only</c> (the same with an alg), <c>p256</c>, <c>p384</c>.</summary>
    public string Jwks => new JsonObject
    {
        ["keys"] = new JsonArray(Rsa("rsa"), Rsa("rs256-only", "RS256"), Ec("p256", "P-256", _p256), Ec("p384", "P-384", _p384)),
    }.ToJsonString();

    /// <summary>Only a key that signs nothing here.</summary>
    public string OtherJwks => new JsonObject { ["keys"] = new JsonArray(Public(OtherRsa, "other", null)) }.ToJsonString();

    /// <summary>Seconds since 1970.</summary>
    public static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>A good payload, but for what is told otherwise.</summary>
    public static string Payload(string? more = null, string issuer = Name, string audience = "\"shop\"", long? expires = null, string subject = "alice") =>
        $$"""{"iss": "{{issuer}}", "sub": "{{subject}}", "aud": {{audience}}, "exp": {{expires ?? (Now + 600)}}{{(more is null ? "" : ", " + more)}} }""";

    /// <summary>A token with any header and payload, signed as the header's alg says, with the key of that kind.</summary>
    public string Token(string header, string payload)
    {
        var signed = $"{Text(header)}.{Text(payload)}";
        using var document = JsonDocument.Parse(header);
        var alg = document.RootElement.TryGetProperty("alg", out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
        return $"{signed}.{Base64Url.EncodeToString(Sign(alg, Encoding.ASCII.GetBytes(signed)))}";
    }

    /// <summary>A good token, signed with the key that the algorithm needs.</summary>
    public string Good(string alg = "RS256", string? payload = null) =>
        Token($$"""{"alg": "{{alg}}", "kid": "{{KeyFor(alg)}}", "typ": "JWT"}""", payload ?? Payload());

    /// <summary>In base64url.</summary>
    public static string Text(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private static string KeyFor(string alg) => alg switch { "ES256" => "p256", "ES384" => "p384", _ => "rsa" };

    private byte[] Sign(string alg, byte[] bytes) => alg switch
    {
        "RS256" => _rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        "RS384" => _rsa.SignData(bytes, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1),
        "RS512" => _rsa.SignData(bytes, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),
        "PS256" => _rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pss),
        "PS384" => _rsa.SignData(bytes, HashAlgorithmName.SHA384, RSASignaturePadding.Pss),
        "PS512" => _rsa.SignData(bytes, HashAlgorithmName.SHA512, RSASignaturePadding.Pss),
        "ES256" => _p256.SignData(bytes, HashAlgorithmName.SHA256),
        "ES384" => _p384.SignData(bytes, HashAlgorithmName.SHA384),

        // Key confusion: the public key, which everybody has, as the secret.
        "HS256" => HMACSHA256.HashData(_rsa.ExportSubjectPublicKeyInfo(), bytes),
        "HS384" => HMACSHA384.HashData(Encoding.ASCII.GetBytes(_rsa.ExportSubjectPublicKeyInfoPem()), bytes),
        _ => [],
    };

    private JsonObject Rsa(string id, string? alg = null) => Public(_rsa, id, alg);

    private static JsonObject Public(RSA rsa, string id, string? alg)
    {
        var key = rsa.ExportParameters(false);
        var json = new JsonObject
        {
            ["kty"] = "RSA", ["use"] = "sig", ["kid"] = id,
            ["n"] = Base64Url.EncodeToString(key.Modulus), ["e"] = Base64Url.EncodeToString(key.Exponent),
        };
        if (alg is not null)
        {
            json["alg"] = alg;
        }

        return json;
    }

    private static JsonObject Ec(string id, string curve, ECDsa ec)
    {
        var key = ec.ExportParameters(false);
        return new JsonObject
        {
            ["kty"] = "EC", ["crv"] = curve, ["kid"] = id,
            ["x"] = Base64Url.EncodeToString(key.Q.X), ["y"] = Base64Url.EncodeToString(key.Q.Y),
        };
    }
}
