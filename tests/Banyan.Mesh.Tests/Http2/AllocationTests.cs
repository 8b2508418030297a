using Banyan.Mesh.Tests.DataPlane;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Banyan.Wire.Http2;
using Banyan.Xds;
using Xunit;
using static Banyan.Mesh.Tests.Http2.FramePeer;

namespace Banyan.Mesh.Tests.Http2;

/// <summary>Nothing is allocated per request on the reactor, with HTTP/2 on both legs.</summary>
public sealed class AllocationTests
{
    private const int Connections = 4;
    private const int Streams = 10;

    [Fact]
    public async Task NothingIsAllocatedPerRequest()
    {
        await using var server = await EchoServer.StartAsync(http2: true);
        await using var mesh = await new TestMesh()
            .Cluster("web", false, true, server.Address)
            .Routes("web", TestMesh.Forward(new RouteMatch { Prefix = "/" }, "default", ("web", 1)))
            .StartAsync();
        using var admin = UnixSocketClient.Create(mesh.AdminSocket);
        var peers = new List<FramePeer>();
        for (var i = 0; i < Connections; i++)
        {
            peers.Add(await ConnectAsync(mesh.Outbound));
        }

        var first = 1;
        await RunAsync(peers, 300);
        var allocated = long.MaxValue;
        for (var window = 0; window < 4 && allocated != 0; window++)
        {
            var before = await SteadyStateTests.AllocatedAsync(admin);
            await RunAsync(peers, 250);
            allocated = await SteadyStateTests.AllocatedAsync(admin) - before;
            TestContext.Current.SendDiagnosticMessage($"{allocated} bytes over {Connections * Streams * 250} requests");
        }

        peers.ForEach(peer => peer.Dispose());
        Assert.Equal(0, allocated);

        async Task RunAsync(List<FramePeer> all, int rounds)
        {
            for (var round = 0; round < rounds; round++)
            {
                var from = first;
                await Task.WhenAll(all.Select(peer => ExchangeAsync(peer, from)));
                first += 2 * Streams;
            }
        }
    }

    private static async Task ExchangeAsync(FramePeer peer, int first)
    {
        var requests = new MemoryStream();
        for (var i = 0; i < Streams; i++)
        {
            requests.Write(Get(first + (2 * i)));
        }

        await peer.SendAsync(requests.ToArray());
        for (var ended = 0; ended < Streams; ended++)
        {
            var end = await peer.FindAsync(header =>
                header.Type is FrameType.Headers or FrameType.Data && (header.Flags & FrameFlags.EndStream) != 0);
            Assert.NotNull(end);
        }
    }
}
