using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Up;

/// <summary>A mesh as <c>banyan up</c> runs it unless told otherwise: what sidecars say to each other is sealed, and known.</summary>
public sealed class MutualTlsTests
{
    private const string Trust = "spiffe://banyan.local/ns/default/sa/";

    /// <summary>A record of TLS begins with its kind, from change_cipher_spec to application_data, and version 3.</summary>
    private static readonly string[] Records = ["\u0014\u0003", "\u0015\u0003", "\u0016\u0003", "\u0017\u0003"];

    /// <summary>Sidecars report every five seconds.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task NothingBetweenSidecarsIsPlaintextAndEveryPairIsKnown()
    {
        await using var mesh = await StartAsync();
        using var observer = await ObserveAsync(mesh);
        await using var load = Load.Start(mesh.WayIn, "hello", connections: 4);
        await Eventually.TrueAsync(() => observer.Seen.Count >= 2, "calls pass the observer");
        await load.MoreAsync(400);
        await load.EndAsync();
        Assert.Empty(load.Failures);
        AssertSealed(observer);
        var edge = await EdgeAsync(mesh, load.Sent);
        Assert.Equal(
            ("default/client", "hello.default:80", 1.0, Trust + "client"),
            (Text(edge, "source"), Text(edge, "destination"), edge.GetProperty("mtls").GetDouble(), Text(edge, "sourceIdentity")));
        Assert.Equal([Trust + "hello"], edge.GetProperty("destinationIdentities").EnumerateArray().Select(id => id.GetString()));
    }

    /// <summary>A sidecar that starts again has all that it needs in its folder.</summary>
    [Fact]
    public async Task NothingIsPlaintextWhenASidecarStartsAgainWhileTheControlPlaneIsAway()
    {
        await using var mesh = await StartAsync();
        using var observer = await ObserveAsync(mesh);
        await using (var load = Load.Start(mesh.WayIn, "hello", connections: 2))
        {
            await load.MoreAsync(50);
            await load.EndAsync();
            Assert.Empty(load.Failures);
        }

        var control = mesh.Pid("control");
        Processes.Signal(control, Processes.Stop);
        try
        {
            foreach (var name in (string[])["hello-v1/0 sidecar", "client/0 sidecar"])
            {
                Processes.Signal(mesh.Pid(name), Processes.Kill);
            }

            var before = observer.Seen.Count;
            await using var load = Load.Start(mesh.WayIn, "hello", connections: 2);
            await Eventually.TrueAsync(
                () => load.Answers.Values.Sum() >= 50 && observer.Seen.Count >= before + 2, "calls are answered again", Deadline);
            await load.EndAsync();
        }
        finally
        {
            Processes.Signal(control, Processes.Continue);
        }

        AssertSealed(observer);
        // What the killed one had not told yet is gone with it.
        var edge = await EdgeAsync(mesh, 50);
        Assert.Equal(1.0, edge.GetProperty("mtls").GetDouble());
    }

    [Fact]
    public async Task WithoutMutualTlsTheObserverReadsAlong()
    {
        await using var mesh = await StartAsync("--mtls", "off");
        using var observer = await ObserveAsync(mesh);
        await using var load = Load.Start(mesh.WayIn, "hello", connections: 4);
        await Eventually.TrueAsync(() => observer.Seen.Any(text => text.StartsWith("GET / HTTP/1.1", StringComparison.Ordinal)), "a request");
        await load.EndAsync();
        var edge = await EdgeAsync(mesh, load.Sent);
        Assert.Equal((0.0, ""), (edge.GetProperty("mtls").GetDouble(), Text(edge, "sourceIdentity")));
    }

    private static Task<UpMesh> StartAsync(params string[] options) =>
        UpMesh.StartAsync(MeshText.Of(MeshText.Client, MeshText.Workload("hello", "v1")), options);

    private static void AssertSealed(TcpObserver observer)
    {
        foreach (var text in observer.Seen)
        {
            Assert.Contains(text[..2], Records);
            Assert.DoesNotContain("HTTP/1.1", text, StringComparison.Ordinal);
            Assert.DoesNotContain("amount=4200", text, StringComparison.Ordinal);
        }
    }

    /// <summary>Registers the observer as one more replica of the service, in front of the one that there is.</summary>
    private static async Task<TcpObserver> ObserveAsync(UpMesh mesh)
    {
        using var control = UnixSocketClient.Create(mesh.Folder["s/control.sock"]);
        var all = JsonNode.Parse(await control.GetStringAsync("api/v1/instances"))!["items"]!.AsArray();
        var instance = all.Single(each => each!["workload"]!.GetValue<string>() == "hello-v1")!.DeepClone();
        var port = instance["ports"]![0]!;
        var observer = new TcpObserver(IPEndPoint.Parse(port["inbound"]!.GetValue<string>()));
        port["inbound"] = observer.Address;
        instance["replica"] = 7;
        using var body = new StringContent(instance.ToJsonString(), Encoding.UTF8, "application/json");
        using var answer = await control.PutAsync("api/v1/instances/default/hello-v1/7", body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return observer;
    }

    /// <summary>The one pair, once so many requests are reported.</summary>
    private static Task<JsonElement> EdgeAsync(UpMesh mesh, long requests) => Eventually.GetAsync(
        async () => (await mesh.JsonAsync("edges")).GetProperty("edges").EnumerateArray().SingleOrDefault(),
        edge => edge.ValueKind == JsonValueKind.Object && edge.GetProperty("requests").GetInt64() >= requests,
        $"{requests} requests are reported",
        Deadline);

    private static string Text(JsonElement row, string name) => row.GetProperty(name).GetString()!;
}
