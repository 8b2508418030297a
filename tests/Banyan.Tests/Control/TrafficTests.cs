using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Banyan.Control.Api;
using Banyan.Rules;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Control;

public sealed class TrafficTests
{
    [Fact]
    public async Task WhatSidecarsCountIsMergedByWorkload()
    {
        await using var control = await TestControl.StartAsync();
        var fast = LogLinear.Index(1_000);
        var slow = LogLinear.Index(50_000);
        using var one = new FakeAdmin(control.Folder["0.sock"], Edges("default/shop/0", $"[[{fast},90]]", 90));
        using var two = new FakeAdmin(control.Folder["1.sock"], Edges("default/shop/1", $"[[{slow},10]]", 10));
        await control.RegisterAsync(Texts.Instance("shop", "shop", 20600, admin: one.Path));
        await control.RegisterAsync(Texts.Instance("shop", "shop", 20610, replica: 1, admin: "unix:" + two.Path));
        await control.RegisterAsync(Texts.Instance("gone", "gone", 20620, admin: control.Folder["no.sock"]));

        var traffic = await control.Api.GetFromJsonAsync("/api/v1/traffic", ApiJson.Default.TrafficDocument);
        var edge = Assert.Single(traffic!.Edges);
        Assert.Equal("default/shop", edge.Source);
        Assert.Equal(("client", "payments", "v1", 200, 100L), (edge.Direction, edge.Service, edge.Version, edge.Status, edge.Count));
        Assert.InRange(edge.P50, 0.98, 1.02);
        Assert.InRange(edge.P95, 49, 51);
        Assert.Null(edge.Buckets);
        Assert.Equal(["default/gone/0"], traffic.Unreachable);

        var raw = await control.Api.GetFromJsonAsync("/api/v1/traffic?raw=true", ApiJson.Default.TrafficDocument);
        Assert.Equal([[fast, 90], [slow, 10]], raw!.Edges[0].Buckets!);
        Assert.Contains("\"p50_ms\"", await control.Api.GetStringAsync("/api/v1/traffic"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"edges":[{"count":"many"}]}""")]
    public async Task ASidecarThatAnswersNonsenseIsUnreachable(string text)
    {
        await using var control = await TestControl.StartAsync();
        using var admin = new FakeAdmin(control.Folder["0.sock"], text);
        await control.RegisterAsync(Texts.Instance("shop", "shop", 20600, admin: admin.Path));
        var traffic = await control.Api.GetFromJsonAsync("/api/v1/traffic", ApiJson.Default.TrafficDocument);
        Assert.Equal(["default/shop/0"], traffic!.Unreachable);
    }

    [Fact]
    public async Task BucketsThatCannotBeAreLeftOut()
    {
        await using var control = await TestControl.StartAsync();
        using var admin = new FakeAdmin(
            control.Folder["0.sock"], Edges("default/shop/0", "[[-1,5],[99999999,5],[3],[1,2,3],[5,-7],[7,1]]", 1));
        await control.RegisterAsync(Texts.Instance("shop", "shop", 20600, admin: admin.Path));
        var raw = await control.Api.GetFromJsonAsync("/api/v1/traffic?raw=true", ApiJson.Default.TrafficDocument);
        Assert.Equal([[7, 1]], raw!.Edges[0].Buckets!);
    }

    private static string Edges(string node, string buckets, int count) =>
        $$"""
        {"node":"{{node}}","edges":[{"direction":"client","service":"payments","namespace":"default","port":80,"version":"v1",
        "workload":"payments-v1","route":"default","method":"GET","status":200,"count":{{count}},"sumMicros":5,"buckets":{{buckets}}}]}
        """;

    /// <summary>An admin socket that answers every request with one text.</summary>
    private sealed class FakeAdmin : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

        public FakeAdmin(string path, string text)
        {
            Path = path;
            _listener.Bind(new UnixDomainSocketEndPoint(path));
            _listener.Listen();
            Serving = ServeAsync(text);
        }

        public string Path { get; }

        public Task Serving { get; }

        public void Dispose() => _listener.Dispose();

        private async Task ServeAsync(string text)
        {
            try
            {
                while (true)
                {
                    using var peer = await _listener.AcceptAsync();
                    await peer.ReceiveAsync(new byte[4096]);
                    var body = Encoding.UTF8.GetBytes(text);
                    await peer.SendAsync(Encoding.ASCII.GetBytes(
                        $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"));
                    await peer.SendAsync(body);
                }
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }
    }
}
