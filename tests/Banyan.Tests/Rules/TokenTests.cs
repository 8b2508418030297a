using System.Text;
using System.Text.Json.Nodes;
using Banyan.Rules.Tokens;
using Banyan.Testing.Tokens;
using Banyan.Xds;
using Banyan.Xds.Tokens;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Banyan.Tests.Rules;

/// <summary>Tokens: which are good, which are refused and why, and what is taken from them.</summary>
public sealed class TokenTests
{
    private readonly TestIssuer _issuer = new();

    public static TheoryData<string, string> BadTokens => new(TokenCases.Bad.Select(each => (each.Name, each.Reason)));

    [Theory]
    [MemberData(nameof(BadTokens))]
    public void ABadTokenIsRefusedForItsReason(string name, string reason)
    {
        var token = TokenCases.Bad.Single(each => each.Name == name).Token(_issuer);
        Assert.Equal(reason, Judge(Table(), token).Label());
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("RS384")]
    [InlineData("RS512")]
    [InlineData("PS256")]
    [InlineData("PS384")]
    [InlineData("PS512")]
    [InlineData("ES256")]
    [InlineData("ES384")]
    public void EveryAlgorithmIsTaken(string alg) => Assert.Equal(TokenRefusal.None, Judge(Table(), _issuer.Good(alg)));

    /// <summary>A minute of leeway, and not a second more.</summary>
    [Theory]
    [InlineData(1_000, 0, 1_059, "")]
    [InlineData(1_000, 0, 1_060, "expired")]
    [InlineData(9_000, 1_000, 940, "")]
    [InlineData(9_000, 1_000, 939, "not-yet-valid")]
    public void ClocksMayDifferByAMinute(long expires, long begins, long now, string reason)
    {
        var token = _issuer.Good(payload: TestIssuer.Payload($"\"nbf\": {begins}", expires: expires));
        var verdict = Table().Verify(0, Encoding.ASCII.GetBytes(token), now);
        Assert.Equal(reason, Table().Judge([verdict]).Label());
        Assert.Equal(reason.Length == 0 ? expires + 60 : 0, verdict.Until);
    }

    [Theory]
    [InlineData("\"shop\"")]
    [InlineData("[\"other\", \"shop\"]")]
    public void OneAudienceIsEnough(string audience) =>
        Assert.Equal(TokenRefusal.None, Judge(Table(), _issuer.Good(payload: TestIssuer.Payload(audience: audience))));

    [Fact]
    public void WithoutAudiencesAnyWillDo() => Assert.Equal(
        TokenRefusal.None,
        Judge(Table(provider => provider.Audiences.Clear()), _issuer.Good(payload: TestIssuer.Payload(audience: "\"x\""))));

    [Fact]
    public void WithoutATokenItDependsOnTheRequirement()
    {
        Assert.Equal(TokenRefusal.None, Table().Judge([null]));
        Assert.False(Table().RequiresToken);
        var strict = Table(leniency: null);
        Assert.Equal(TokenRefusal.Missing, strict.Judge([null]));
        Assert.True(strict.RequiresToken);
        var lenient = Table(leniency: new JwtRequirement { AllowMissingOrFailed = new Empty() });
        Assert.Equal(TokenRefusal.None, Judge(lenient, "nonsense"));
        Assert.Equal(TokenRefusal.Several, Table().Judge([Table().Several(0)]));
    }

    /// <summary>Texts, numbers and truth values, alone and in lists; objects are for those who name what is in them.</summary>
    [Fact]
    public void ClaimsAreTaken()
    {
        const string More = """
            "role": "admin", "level": 3, "beta": true, "groups": ["a", 7, null, {"b": 1}], "scope": "read write",
            "realm": {"roles": ["x"], "name": "y"}, "https://shop/tenant": "t"
            """;
        var values = Claims(
            _issuer.Good(payload: TestIssuer.Payload(More)),
            ["role"], ["level"], ["beta"], ["groups"], ["scope"], ["realm", "roles"], ["realm", "name"], ["https://shop/tenant"], ["realm"], ["absent"]);
        Assert.Equal(
            ["0 admin", "1 3", "2 true", "3 [a,7]", "4 [read,write]", "5 [x]", "6 y", "7 t"], values);
    }

    [Fact]
    public void NothingIsTakenOfATokenThatIsRefused() => Assert.Empty(
        Claims(_issuer.Good(payload: TestIssuer.Payload("\"role\": \"admin\"", expires: 1)), ["role"]));

    [Fact]
    public void AnIssuersTokenIsNoOther()
    {
        var filter = Filter();
        filter.Providers.Add("q", Provider("https://other.example", "q"));
        filter.Rules[0].Requires.RequiresAny.Requirements.Add(new JwtRequirement { ProviderName = "q" });
        Assert.True(TokenTable.TryCompile(filter, [new ClaimPath("p", ["sub"]), new ClaimPath("q", ["sub"])], "f", out var table, out _));
        var verdict = table.Verify(0, Encoding.ASCII.GetBytes(_issuer.Good(payload: TestIssuer.Payload(issuer: "https://other.example"))), TestIssuer.Now);
        Assert.Equal(TokenRefusal.None, table.Judge([verdict]));
        Assert.Equal([1], verdict.Claims.Values.ToArray().Select(each => each.Slot));
    }

    public static TheoryData<string, string> Refused() => new()
    {
        { """{"providers": {"p": {}}}""", "f.providers[p].issuer: needed" },
        { """{"providers": {"p": {"issuer": "i"}}}""", "f.providers[p].forward: only true" },
        { """{"providers": {"p": {"issuer": "i", "forward": true}}}""", "f.providers[p].local_jwks: inline_string" },
        { """{"providers": {"p": {"issuer": "i", "forward": true, "localJwks": {"inlineString": "{"}}}}""", "f.providers[p].local_jwks: no JSON object" },
        { """{"providers": {"p": {"issuer": "i", "forward": true}}}""", "f.providers[p].from_headers: exactly one" },
        { """{"rules": [{"match": {"prefix": "/a"}}]}""", "f.rules[0].match: only prefix" },
        { """{"rules": [{"match": {"prefix": "/"}}, {"match": {"prefix": "/"}}]}""", "f.rules: one is supported" },
        { """{"rules": [{"match": {"prefix": "/"}, "requires": {"providerName": "x"}}]}""", "there is no provider" },
        { """{"rules": [{"match": {"prefix": "/"}, "requires": {"requiresAny": {}}}]}""", "at least one is required" },
        { """{"rules": [{"match": {"prefix": "/"}, "requires": {"requiresAny": {"requirements": [{"requiresAll": {}}]}}}]}""", "is not supported here" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void WhatIsNotSupportedIsRefused(string filter, string error)
    {
        Assert.False(TokenTable.TryCompile(JwtAuthentication.Parser.ParseJson(filter), [], "f", out _, out var message));
        Assert.Contains(error, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"kty": "oct", "kid": "k", "k": "AAAA"}""", "keys[0] has a kty that is not supported")]
    [InlineData("""{"kty": "RSA", "kid": "k", "n": "AQAB", "e": "AQAB"}""", "keys[0] has 17 bits")]
    [InlineData("""{"kty": "RSA", "n": "AQAB", "e": "AQAB"}""", "keys[0] has no kid")]
    [InlineData("""{"kty": "RSA", "kid": "k", "use": "enc"}""", "keys[0] is not for signatures")]
    [InlineData("""{"kty": "RSA", "kid": "k", "key_ops": ["encrypt"]}""", "keys[0] is not for verifying")]
    [InlineData("""{"kty": "RSA", "kid": "k", "alg": "HS256"}""", "keys[0] has an alg that is not supported")]
    [InlineData("""{"kty": "RSA", "kid": "k", "n": "=", "e": "AQAB"}""", "keys[0] lacks a good n or e")]
    [InlineData("""{"kty": "EC", "kid": "k", "crv": "P-256", "x": "AAAA", "y": "AAAA"}""", "keys[0] lacks a good x or y")]
    [InlineData("""{"kty": "EC", "kid": "k", "crv": "P-256", "x": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "y": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""", "keys[0] is no point of its curve")]
    [InlineData("""{"kty": "EC", "kid": "k", "crv": "secp256k1"}""", "keys[0] has a crv that is not supported")]
    [InlineData("""{"kty": "RSA", "kid": "k", "d": "AAAA"}""", "keys[0] holds a private key")]
    [InlineData("""{"kty": "RSA", "kid": "k", "kid": "l"}""", "a name stands twice")]
    [InlineData("7", "keys[0] is no object")]
    public void AKeyOfNoUseIsTold(string key, string problem)
    {
        Assert.True(SigningKeySet.Reduce(Encoding.UTF8.GetBytes($$"""{"keys": [{{key}}]}"""), out var message) is null or "{\"keys\":[]}");
        Assert.Contains(problem, message, StringComparison.Ordinal);
    }

    /// <summary>Equal keys are equal texts, whatever else the issuer says, and in which order.</summary>
    [Fact]
    public void AKeySetIsReducedToItsKeys()
    {
        var keys = JsonNode.Parse(_issuer.Jwks)!["keys"]!.AsArray().Select(each => each!.DeepClone()).Reverse().ToArray();
        keys[0]["x5c"] = new JsonArray("certificate");
        var noise = new JsonObject { ["other"] = 1, ["keys"] = new JsonArray([.. keys, JsonNode.Parse("""{"kty": "OKP", "kid": "ed"}""")]) };
        var reduced = SigningKeySet.Reduce(Encoding.UTF8.GetBytes(noise.ToJsonString()), out var problem);
        Assert.Equal("", problem);
        Assert.Equal(SigningKeySet.Reduce(Encoding.UTF8.GetBytes(_issuer.Jwks), out _), reduced);
        Assert.DoesNotContain("x5c", reduced, StringComparison.Ordinal);
        Assert.DoesNotContain("OKP", reduced, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherKeysAcceptNothing() => Assert.Equal(
        TokenRefusal.UnknownKey,
        Judge(Table(provider => provider.LocalJwks = new DataSource { InlineString = _issuer.OtherJwks }), _issuer.Good()));

    private static TokenRefusal Judge(TokenTable table, string token) =>
        table.Judge([table.Verify(0, Encoding.Latin1.GetBytes(token), TestIssuer.Now)]);

    private string[] Claims(string token, params string[][] names)
    {
        Assert.True(TokenTable.TryCompile(Filter(), [.. names.Select(each => new ClaimPath("p", each))], "f", out var table, out var error), error);
        return [.. table.Verify(0, Encoding.ASCII.GetBytes(token), TestIssuer.Now).Claims.Values.ToArray()
            .Select(value => (value.Slot, Texts: string.Join(',', value.Texts.Select(Encoding.UTF8.GetString)), value.IsList))
            .OrderBy(each => each.Slot)
            .Select(each => $"{each.Slot} {(each.IsList ? $"[{each.Texts}]" : each.Texts)}")];
    }

    private TokenTable Table(Action<JwtProvider>? change = null) => Table(new JwtRequirement { AllowMissing = new Empty() }, change);

    private TokenTable Table(JwtRequirement? leniency, Action<JwtProvider>? change = null)
    {
        var filter = Filter(leniency);
        change?.Invoke(filter.Providers["p"]);
        Assert.True(TokenTable.TryCompile(filter, [], "f", out var table, out var error), error);
        return table;
    }

    private JwtAuthentication Filter() => Filter(new JwtRequirement { AllowMissing = new Empty() });

    private JwtAuthentication Filter(JwtRequirement? leniency)
    {
        var any = new JwtRequirementOrList { Requirements = { new JwtRequirement { ProviderName = "p" } } };
        if (leniency is not null)
        {
            any.Requirements.Add(leniency);
        }

        return new JwtAuthentication
        {
            Providers = { ["p"] = Provider(TestIssuer.Name, "p") },
            Rules = { new RequirementRule { Match = new RouteMatch { Prefix = "/" }, Requires = new JwtRequirement { RequiresAny = any } } },
        };
    }

    private JwtProvider Provider(string issuer, string payload) => new()
    {
        Issuer = issuer,
        Audiences = { "shop" },
        LocalJwks = new DataSource { InlineString = _issuer.Jwks },
        Forward = true,
        FromHeaders = { new JwtHeader { Name = "authorization", ValuePrefix = "Bearer " } },
        PayloadInMetadata = payload,
        RequireExpiration = true,
        NormalizePayloadInMetadata = new JwtProvider.Types.NormalizePayload { SpaceDelimitedClaims = { "scope" } },
    };
}
