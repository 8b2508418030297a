using Banyan.Control.Keys;
using Banyan.Testing;
using Banyan.Testing.Tokens;
using Google.Protobuf;
using Xunit;

namespace Banyan.Tests.Control;

/// <summary>Keys of token issuers: fetched by the control plane, handed to sidecars, kept while nothing better comes.</summary>
public sealed class KeySetTests : IAsyncDisposable
{
    private readonly TestIssuer _issuer = new();
    private readonly TempFolder _folder = new("keys");
    private readonly TestBackend _server;
    private Reply _reply;

    public KeySetTests()
    {
        _reply = Reply.Ok(_issuer.Jwks);
        _server = new TestBackend(_ => Volatile.Read(ref _reply));
        _folder.Write("config/mesh.yaml", Texts.Workload("one") + Policy($"url: 'http://{_server.Address}/keys'"));
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    public static TheoryData<string, string> Failures() => new()
    {
        { "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "answered 500" },
        { "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "redirects are not followed" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "no JSON object" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n", "" },
        { "nonsense\r\n\r\n", "" },
    };

    /// <summary>Whatever goes wrong: the keys stay, the condition and the count say so, and good keys are taken up again.</summary>
    [Theory]
    [MemberData(nameof(Failures))]
    public async Task KeysThatCannotBeFetchedAgainStay(string raw, string problem)
    {
        await using var control = await StartAsync();
        await KeysAsync(control, set => set is { Keys: 4, Problem: "", Failures: 0 });
        Assert.Contains("p384", await ListenerAsync(control), StringComparison.Ordinal);
        Volatile.Write(ref _reply, new Reply { Raw = raw, Close = true });
        var failed = await KeysAsync(control, set => set is { Keys: 4, Problem.Length: > 0, Failures: > 1 });
        Assert.Contains(problem, failed.Problem, StringComparison.Ordinal);
        Assert.Contains("p384", await ListenerAsync(control), StringComparison.Ordinal);
        await control.StatusAsync(
            status => status.Warnings.Any(each => each.Contains("the keys from before stay", StringComparison.Ordinal)), "a warning");

        // Rotated meanwhile.
        Volatile.Write(ref _reply, Reply.Ok(_issuer.OtherJwks));
        await KeysAsync(control, set => set is { Keys: 1, Problem: "" });
        var listener = await ListenerAsync(control);
        Assert.Contains("other", listener, StringComparison.Ordinal);
        Assert.DoesNotContain("p384", listener, StringComparison.Ordinal);
    }

    /// <summary>An issuer whose key has leaked takes it out of its set.</summary>
    [Fact]
    public async Task WithdrawnKeysAreTrustedNoMore()
    {
        await using var control = await StartAsync();
        await KeysAsync(control, set => set is { Keys: 4, Problem: "" });
        Volatile.Write(ref _reply, Reply.Ok("{\"keys\":[]}"));
        await KeysAsync(control, set => set is { Keys: 0, Problem: "no key" });
        Assert.DoesNotContain("p384", await ListenerAsync(control), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AControlPlaneThatStartsWhileTheIssuerIsAwayHasTheKeys()
    {
        await using (var first = await StartAsync())
        {
            await KeysAsync(first, set => set is { Keys: 4, Problem: "" });
        }

        await _server.DisposeAsync();
        await using var second = await StartAsync();
        Assert.Contains("p384", await ListenerAsync(second), StringComparison.Ordinal);
        await KeysAsync(second, set => set is { Keys: 4, Problem.Length: > 0 });
        Assert.Contains("p384", await ListenerAsync(second), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutAnyKeysNoTokenIsGood()
    {
        _reply = new Reply { Status = 404 };
        await using var control = await StartAsync();
        await KeysAsync(control, set => set is { Keys: 0, Problem: "answered 404" });
        Assert.Contains("{\"keys\":[]}", await ListenerAsync(control), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFileIsFollowedAndBelongsToAPolicyInAFile()
    {
        _folder.Write("config/mesh.yaml", Texts.Workload("one") + Policy("file: ../sets/keys.json"));
        await using var control = await StartAsync();
        await KeysAsync(control, set => set is { Keys: 0, Problem: "there is no such file" });
        _folder.Write("sets/keys.json", _issuer.Jwks);
        await KeysAsync(control, set => set is { Keys: 4, Problem: "" });
        _folder.Write("sets/keys.json", _issuer.OtherJwks);
        await KeysAsync(control, set => set is { Keys: 1, Problem: "" });
        File.Delete(_folder["sets/keys.json"]);
        await KeysAsync(control, set => set is { Keys: 1, Problem: "there is no such file" });

        // Who applies over the API has no folder here.
        File.WriteAllText(_folder["config/mesh.yaml"], Texts.Workload("one"));
        await control.StatusAsync(status => status.KeySets is { Count: 0 }, "no set of keys");
        await control.AppliedAsync(Policy($"file: {_folder["sets/keys.json"]}").Replace("---", "", StringComparison.Ordinal));
        await KeysAsync(control, set => set.Problem.Contains("write a url", StringComparison.Ordinal));
    }

    private static string Policy(string keys) => $$"""
        ---
        {apiVersion: banyan.dev/v1alpha1, kind: AuthorizationPolicy, metadata: {name: tokens},
         spec: {jwt: [{issuer: i, jwks: { {{keys}} } }], rules: [{from: [{jwtClaims: {sub: a} }]}]} }

        """;

    private static async Task<KeySetStatus> KeysAsync(TestControl control, Func<KeySetStatus, bool> wanted) =>
        (await control.StatusAsync(status => status.KeySets is [var one] && wanted(one), "keys as expected")).KeySets![0];

    /// <summary>The inbound listener as its sidecar gets it.</summary>
    private static async Task<string> ListenerAsync(TestControl control)
    {
        await control.RegisterAsync(Texts.Instance("one-v1", "one", 20400));
        await using var client = await control.XdsAsync("default/one-v1/0");
        client.Subscribe(Texts.Listener, "*");
        var response = await client.ReceiveAsync();
        return response.Resources.Single(each => each.Name.StartsWith("inbound/one.", StringComparison.Ordinal)).ToByteString().ToStringUtf8();
    }

    private async Task<TestControl> StartAsync()
    {
        var control = await TestControl.StartInAsync(_folder, [_folder["config"]], keyRefresh: TimeSpan.FromMilliseconds(300));
        await control.ReadyAsync();
        return control;
    }
}
