using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Up;

/// <summary>Certificates that live for seconds, and another root, while requests pass: nobody notices, nobody reads along.</summary>
public sealed class IdentityUnderLoadTests
{
    private const string ShortLives = """
        {apiVersion: banyan.dev/v1alpha1, kind: Mesh, metadata: {name: default}, spec: {certificates: {leafTtl: 10s}}}
        """;

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(100);

    [Fact]
    public async Task EveryRequestSucceedsWhileCertificatesAndTheRootAreReplaced()
    {
        await using var mesh = await UpMesh.StartAsync(
            MeshText.Of(ShortLives, MeshText.Client, MeshText.Workload("hello", "v1")));
        using var control = UnixSocketClient.Create(mesh.Folder["s/control.sock"]);
        var before = await RootAsync(control);
        using var observer = await ObserveAsync(mesh, control);
        var start = Stopwatch.GetTimestamp();
        await using var load = Load.Start(mesh.WayIn, "hello", connections: 4);
        await Eventually.TrueAsync(() => observer.Seen.Count >= 2, "calls pass the observer", Deadline);
        foreach (var from in (string[])["none", "trusted", "signing"])
        {
            await Eventually.TrueAsync(() => RotateAsync(control, from), $"the stage after {from}", Deadline);
        }

        await Eventually.TrueAsync(() => Stopwatch.GetElapsedTime(start) >= Duration, "so long it lasts", Deadline);
        var renewed = await RenewalsAsync(control);
        await load.EndAsync();
        Assert.Empty(load.Failures);
        Assert.NotEmpty(load.Answers);
        Assert.NotEqual(before, await RootAsync(control));
        Assert.InRange(renewed, 4, 40);

        // A record of TLS begins with its kind and version 3.
        Assert.All(observer.Seen, text => Assert.True(text[0] is >= '\u0014' and <= '\u0017' && text[1] == '\u0003', text[..Math.Min(40, text.Length)]));
    }

    private static async Task<bool> RotateAsync(HttpClient control, string from)
    {
        using var answer = await control.PostAsync($"api/v1/certificates/rotate-root?by=me&from={from}", null);
        Assert.True(answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.Conflict, $"{answer}");
        return answer.IsSuccessStatusCode;
    }

    private static async Task<string> RootAsync(HttpClient control)
    {
        var status = JsonNode.Parse(await control.GetStringAsync("api/v1/certificates"))!;
        Assert.Single(status["anchors"]!.AsArray());
        return status["root"]!["keyHash"]!.GetValue<string>();
    }

    private static async Task<int> RenewalsAsync(HttpClient control) => JsonNode.Parse(await control.GetStringAsync(
        "api/v1/certificates/issued?limit=500&identity=spiffe://banyan.local/ns/default/sa/hello"))!["items"]!.AsArray()
        .Count(each => each!["proof"]!.GetValue<string>() == "certificate");

    /// <summary>Registers the observer as one more replica of the service, in front of the one that there is.</summary>
    private static async Task<TcpObserver> ObserveAsync(UpMesh mesh, HttpClient control)
    {
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
}
