using System.Globalization;
using System.Text.Json;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Banyan.Testing.Tokens;
using Xunit;

namespace Banyan.Mesh.Tests.Up;

/// <summary>Tokens (JWT) in a mesh as <c>banyan up</c> runs it: what the sidecar of the called workload takes, and what it refuses.</summary>
public sealed class TokenTests
{
    private const string Keys = "keys.json";
    private const string Python = "/usr/bin/python3";

    /// <summary>Tokens by PyJWT: keys of its own, and what it makes with them.</summary>
    private const string PyJwt = """
        import json, jwt, time
        from cryptography.hazmat.primitives.asymmetric import rsa, ec
        from jwt.algorithms import RSAAlgorithm
        from jwt.utils import base64url_encode, to_base64url_uint
        r = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        e = ec.generate_private_key(ec.SECP256R1())
        n = e.public_key().public_numbers()
        b = lambda v: base64url_encode(v.to_bytes(32, "big")).decode()
        keys = [dict(json.loads(RSAAlgorithm.to_jwk(r.public_key())), kid="py-rsa"), {"kty": "EC", "crv": "P-256", "kid": "py-ec", "x": b(n.x), "y": b(n.y)}]
        claims = {"iss": "https://id.example", "sub": "alice", "aud": "shop", "exp": int(time.time()) + 600}
        tokens = [jwt.encode(claims, r, algorithm=a, headers={"kid": "py-rsa"}) for a in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")]
        tokens.append(jwt.encode(claims, e, algorithm="ES256", headers={"kid": "py-ec"}))
        late = jwt.encode(dict(claims, exp=int(time.time()) - 120), r, algorithm="RS256", headers={"kid": "py-rsa"})
        shared = jwt.encode(claims, "secret", algorithm="HS256", headers={"kid": "py-rsa"})
        print(json.dumps({"jwks": {"keys": keys}, "tokens": tokens, "late": late, "shared": shared}))
        """;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static string Policy =>
        $$"""
        {apiVersion: banyan.dev/v1alpha1, kind: AuthorizationPolicy, metadata: {name: tokens}, spec: {selector: {service: hello},
         jwt: [{issuer: "{{TestIssuer.Name}}", audiences: [shop], jwks: {file: {{Keys}} } }],
         rules: [{to: [{paths: [/public]}]}, {from: [{jwtClaims: {sub: alice} }], to: [{paths: [/a]}]},
                 {from: [{jwtClaims: {roles: [admin, "ops-*"], scope: write} }]}, {to: [{paths: [/healthz]}]}]} }
        """;

    [Fact]
    public async Task TokensDecideBetweenSidecars()
    {
        var issuer = new TestIssuer();
        await using var mesh = await UpMesh.StartAsync(Text(), "--mtls", "on");
        var port = mesh.WayIn;
        mesh.Folder.Write(Keys, issuer.Jwks);
        mesh.Write(Text(Policy));
        await AnswersAsync(port, "/a", null, "403");
        await AnswersAsync(port, "/a", issuer.Good(), "200");
        await AnswersAsync(port, "/public", null, "200");

        // Every algorithm; claims as lists and with spaces; what the rules do not allow.
        foreach (var alg in (string[])["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384"])
        {
            var answer = await AskAsync(port, "/a", issuer.Good(alg));
            Assert.True(answer.StartsWith("HTTP/1.1 200", StringComparison.Ordinal), $"{alg}: {answer}");
        }

        string With(string more) => issuer.Good(payload: TestIssuer.Payload(more, subject: "bob"));
        Assert.StartsWith("HTTP/1.1 403", await AskAsync(port, "/a", With("\"x\": 1")), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(port, "/a", With("\"roles\": [\"x\", \"admin\"], \"scope\": \"read write\"")), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(port, "/a", With("\"roles\": \"ops-7\", \"scope\": [\"write\"]")), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 403", await AskAsync(port, "/a", With("\"roles\": [\"admins\"], \"scope\": \"write\"")), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 403", await AskAsync(port, "/a", With("\"roles\": [\"admin\"], \"scope\": \"writer\"")), StringComparison.Ordinal);

        // Bad ones, each for its reason, also where no rule asks for a token.
        using var admin = await AdminAsync(mesh);

        // Before the keys were read, tokens were refused.
        Dictionary<string, long> expected = new()
        {
            ["unknown-key"] = await MetricAsync(admin, "banyan_token_refusals_total{reason=\"unknown-key\"}"),
        };
        foreach (var (name, reason, token) in TokenCases.Bad)
        {
            var path = name.Length % 2 == 0 ? "/a" : "/public";
            var answer = await AskAsync(port, path, token(issuer));
            Assert.True(answer.StartsWith("HTTP/1.1 401 Unauthorized", StringComparison.Ordinal), $"{name}: {answer}");
            Assert.Contains("x-banyan-error: token-refused\r\n", answer, StringComparison.Ordinal);
            Assert.Contains($"www-authenticate: Bearer error=\"invalid_token\", error_description=\"{reason}\"\r\n", answer, StringComparison.Ordinal);
            expected[reason] = expected.GetValueOrDefault(reason) + 1;
        }

        var twice = await AskAsync(port, "/a", issuer.Good(), $"authorization: Bearer {issuer.Good()}\r\n");
        Assert.StartsWith("HTTP/1.1 401", twice, StringComparison.Ordinal);
        expected["several"] = 1;
        foreach (var (reason, count) in expected)
        {
            Assert.Equal(count, await MetricAsync(admin, $"banyan_token_refusals_total{{reason=\"{reason}\"}}"));
        }

        // Another scheme is no token, and small letters make no other scheme.
        Assert.StartsWith("HTTP/1.1 403", await AskAsync(port, "/a", null, "authorization: Basic YTpi\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(port, "/a", null, $"Authorization: bEARER {issuer.Good()}\r\n"), StringComparison.Ordinal);

        // A token that comes again is not verified again.
        var known = issuer.Good();
        await AskAsync(port, "/a", known);
        var verified = await MetricAsync(admin, "banyan_tokens_verified_total");
        for (var i = 0; i < 5; i++)
        {
            Assert.StartsWith("HTTP/1.1 200", await AskAsync(port, "/a", known), StringComparison.Ordinal);
        }

        Assert.Equal(verified, await MetricAsync(admin, "banyan_tokens_verified_total"));
        Assert.Contains("HTTP/2 401", await StreamAsync(port, "text/plain", "nonsense"), StringComparison.Ordinal);
        var call = await StreamAsync(port, "application/grpc", "nonsense");
        Assert.Contains("grpc-status: 16", call, StringComparison.Ordinal);
        Assert.Contains("x-banyan-error: token-refused", call, StringComparison.Ordinal);
        Assert.Contains("HTTP/2 200", await StreamAsync(port, "text/plain", known), StringComparison.Ordinal);

        // Other keys: what was good and known is not any more; broken ones change nothing.
        mesh.Folder.Write(Keys, issuer.OtherJwks);
        await AnswersAsync(port, "/a", known, "401");
        mesh.Folder.Write(Keys, issuer.Jwks);
        await AnswersAsync(port, "/a", known, "200");
        mesh.Folder.Write(Keys, "{\"keys\": [");
        await Eventually.TrueAsync(
            async () => (await mesh.JsonAsync("get", "authorizationpolicy", "tokens")).ToString().Contains("the keys from before stay", StringComparison.Ordinal),
            "a condition about the keys",
            Deadline);
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(port, "/a", known), StringComparison.Ordinal);

        // Tokens that somebody else makes.
        var made = await TestProcess.RunAsync(Python, ["-c", PyJwt]);
        Assert.True(made.ExitCode == 0, $"{made}");
        using var foreign = JsonDocument.Parse(made.Output);
        mesh.Folder.Write(Keys, foreign.RootElement.GetProperty("jwks").GetRawText());
        foreach (var token in foreign.RootElement.GetProperty("tokens").EnumerateArray())
        {
            await AnswersAsync(port, "/a", token.GetString(), "200");
        }

        Assert.Contains("\"expired\"", await AskAsync(port, "/a", foreign.RootElement.GetProperty("late").GetString()), StringComparison.Ordinal);
        Assert.Contains("\"algorithm\"", await AskAsync(port, "/a", foreign.RootElement.GetProperty("shared").GetString()), StringComparison.Ordinal);

        // Nothing of a token is told: not in logs, not by the sidecar.
        var parts = known.Split('.');
        foreach (var file in Directory.GetFiles(mesh.Folder["s"], "*.log", SearchOption.AllDirectories))
        {
            Assert.DoesNotContain(parts[1], await ReadAsync(file), StringComparison.Ordinal);
            Assert.DoesNotContain(parts[2], await ReadAsync(file), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(parts[2], await admin.GetStringAsync("config"), StringComparison.Ordinal);
    }

    private static string Text(params string[] policies) =>
        MeshText.Of([MeshText.Client, MeshText.Workload("hello", "v1"), .. policies]);

    private static async Task<string> ReadAsync(string file)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }

    /// <summary>The admin socket of hello's sidecar.</summary>
    private static async Task<HttpClient> AdminAsync(UpMesh mesh)
    {
        foreach (var socket in Directory.GetFiles(mesh.Folder["s"], "admin.sock", SearchOption.AllDirectories))
        {
            var client = UnixSocketClient.Create(socket);
            if ((await client.GetStringAsync("config")).Contains("inbound/hello.default:80", StringComparison.Ordinal))
            {
                return client;
            }

            client.Dispose();
        }

        throw new InvalidOperationException("no admin socket of hello's sidecar");
    }

    private static async Task<long> MetricAsync(HttpClient admin, string name)
    {
        var line = (await admin.GetStringAsync("metrics")).Split('\n').FirstOrDefault(each => each.StartsWith(name + " ", StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private static Task AnswersAsync(int port, string path, string? token, string status) => Eventually.TrueAsync(
        async () => (await AskAsync(port, path, token)).StartsWith($"HTTP/1.1 {status}", StringComparison.Ordinal),
        $"{path} is answered {status}",
        Deadline);

    private static async Task<string> AskAsync(int port, string path, string? token, string fields = "")
    {
        using var client = await RawConnection.ConnectAsync(port);
        var bearer = token is null ? "" : $"Authorization: Bearer {token}\r\n";
        await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: hello\r\n{bearer}{fields}Connection: close\r\n\r\n");
        return await client.ReadUntilAsync("\r\n\r\n");
    }

    /// <summary>The same as a stream of HTTP/2, through a tunnel of CONNECT.</summary>
    private static async Task<string> StreamAsync(int port, string type, string token)
    {
        var result = await TestProcess.RunAsync(
            "curl",
            [
                "-s", "-p", "-x", $"http://127.0.0.1:{port}", "--http2-prior-knowledge", "-D", "-", "-o", "/dev/null", "--suppress-connect-headers",
                "-d", "x", "-H", $"content-type: {type}", "-H", $"authorization: Bearer {token}", "http://hello/a",
            ]);
        return result.Output;
    }
}
