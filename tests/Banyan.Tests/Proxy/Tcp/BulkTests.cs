using System.Net;
using System.Net.Sockets;
using Banyan.Proxy.Forward;
using Banyan.Proxy.Snapshot;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Proxy.Tcp;

/// <summary>Long streams: whole, in order, and never further ahead of their reader than the buffers between them.</summary>
public sealed class BulkTests
{
    private const long Total = 100L * 1024 * 1024;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AHundredMegabytesEachWayArriveWhole(bool splice)
    {
        BytePump.Splices = splice;
        try
        {
            using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen();
            using var lab = new TcpLab();
            var port = lab.Listen(PortProtocol.Tcp, listener.LocalEndPoint!.ToString()!);
            await lab.StartAsync();
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(IPAddress.Loopback, port);
            using var server = await listener.AcceptAsync();

            var (up, down) = (new SentSoFar(), new SentSoFar());
            var sentUp = BulkData.SendAsync(client, seed: 1, Total, up);
            var sentDown = BulkData.SendAsync(server, seed: 2, Total, down);

            // Nobody reads yet: both senders stop, far from their end.
            await Task.WhenAll(up.StuckAsync(), down.StuckAsync());
            Assert.InRange(up.Bytes, 1, Total / 2);
            Assert.InRange(down.Bytes, 1, Total / 2);

            var gotUp = BulkData.ReceiveAsync(server, seed: 3);
            var gotDown = BulkData.ReceiveAsync(client, seed: 4);
            var all = Task.WhenAll(sentUp, sentDown, gotUp, gotDown);
            await Eventually.WithinAsync(all, "both streams", TimeSpan.FromMinutes(2));
            Assert.Equal((Total, await sentUp), await gotUp);
            Assert.Equal((Total, await sentDown), await gotDown);
            Assert.Equal(Total, lab.Metric("banyan_tcp_relayed_bytes_total", "to=\"destination\""));
            Assert.Equal(Total, lab.Metric("banyan_tcp_relayed_bytes_total", "to=\"source\""));
            Assert.Equal(splice, BytePump.Splices);
            Assert.Equal(splice, await lab.OnWorkerAsync(() => HasPipe(lab)));
        }
        finally
        {
            BytePump.Splices = true;
        }
    }

    private static bool HasPipe(TcpLab lab) => lab.Worker.Pipes.Free > 0;
}
