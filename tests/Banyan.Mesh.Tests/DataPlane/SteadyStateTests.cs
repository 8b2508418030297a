using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Banyan.Xds;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Banyan.Mesh.Tests.DataPlane;

/// <summary>What the proxy says about itself while it serves: nothing allocated per request, live state of endpoints.</summary>
public sealed class SteadyStateTests
{
    private const int Clients = 8;

    [Fact]
    public async Task NothingIsAllocatedPerRequest()
    {
        // Idle connections are kept over the whole test: opening one again allocates, and may.
        var reply = new Reply { Body = "0123456789", Fields = ["Keep-Alive: timeout=600"] };
        await using var a = new TestBackend(_ => reply) { Remember = false };
        await using var b = new TestBackend(_ => reply) { Remember = false };
        var route = TestMesh.Forward(new RouteMatch { Prefix = "/" }, "split", ("a", 90), ("b", 10));
        route.Route_.Timeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(30));
        route.Route_.RetryPolicy = new RetryPolicy { RetryOn = "connect-failure,reset,gateway-error" };
        await using var mesh = await new TestMesh()
            .Cluster("a", meshed: false, a.Address, b.Address)
            .Cluster("b", meshed: false, b.Address)
            .Routes("web", route)
            .StartAsync();
        using var admin = UnixSocketClient.Create(mesh.AdminSocket);

        // More concurrency than is measured fills the pools. Should a coincidence need one connection more, the next 100,000 decide.
        using (var more = new Load(mesh.Outbound, 3 * Clients))
        {
            await more.RunAsync(1_000);
        }

        using var load = new Load(mesh.Outbound, Clients);
        await load.RunAsync(1_000);
        var allocated = long.MaxValue;
        for (var window = 0; window < 4 && allocated != 0; window++)
        {
            var before = await AllocatedAsync(admin);
            await load.RunAsync(12_500);
            allocated = await AllocatedAsync(admin) - before;
            TestContext.Current.SendDiagnosticMessage($"{allocated} bytes over {Clients * 12_500} requests");
        }

        Assert.Equal(0, allocated);
        Assert.True(a.Requests + b.Requests >= 100_000);
    }

    [Fact]
    public async Task ClustersShowWhatIsUnderWay()
    {
        var hold = new TaskCompletionSource();
        await using var backend = new TestBackend(_ => new Reply { Hold = hold.Task });
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var admin = UnixSocketClient.Create(mesh.AdminSocket);
        using var client = await mesh.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
        await Eventually.TrueAsync(() => backend.Requests == 1, "the request to arrive");
        var endpoint = await EndpointPage.FirstAsync(admin, "web");
        Assert.Equal(1, endpoint.GetProperty("requestsInFlight").GetInt32());
        Assert.Equal(0, endpoint.GetProperty("idleConnections").GetInt32());
        hold.SetResult();
        await client.ReadResponseAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                endpoint = await EndpointPage.FirstAsync(admin, "web");
                return endpoint.GetProperty("requestsInFlight").GetInt32() == 0
                    && endpoint.GetProperty("idleConnections").GetInt32() == 1;
            },
            "the connection to be idle");
        Assert.False(endpoint.GetProperty("ejected").GetBoolean());
    }

    [Fact]
    public async Task AnIdleProxyIsSmall()
    {
        await using var backend = new TestBackend();
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.ExchangeAsync("GET / HTTP/1.1\r\nHost: web\r\n\r\n");

        // Megabytes resident and private; the runtime of the other builds is shared between all processes of a machine.
        var (resident, anonymous) = ProxyBinary.IsAheadOfTime ? (14, 8) : (60, 12);
        await Eventually.TrueAsync(
            () => ProcessMemory.Of(mesh.Proxy.Id) is var memory
                && memory.Resident < resident * 1_000_000 && memory.Anonymous < anonymous * 1_000_000,
            $"less than {resident} MB resident and {anonymous} MB of its own");
    }

    internal static async Task<long> AllocatedAsync(HttpClient admin)
    {
        using var page = JsonDocument.Parse(await admin.GetStringAsync("/counters/allocations"));
        return page.RootElement.GetProperty("reactors").EnumerateArray().Sum(e => e.GetInt64());
    }

    /// <summary>Keep-alive connections, each on a thread of its own: GET, POST with a length, POST in chunks.</summary>
    private sealed class Load : IDisposable
    {
        private static readonly byte[][] Requests =
        [
            Encoding.ASCII.GetBytes("GET /a?b=c HTTP/1.1\r\nHost: web\r\nAccept: */*\r\n\r\n"),
            Encoding.ASCII.GetBytes("POST /./b HTTP/1.1\r\nHost: web\r\nContent-Length: 5\r\n\r\nhello"),
            Encoding.ASCII.GetBytes("POST /c HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
        ];

        private readonly Socket[] _sockets;

        public Load(int port, int clients)
        {
            _sockets = [.. Enumerable.Range(0, clients).Select(_ =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
                {
                    NoDelay = true,
                    ReceiveTimeout = (int)Eventually.Deadline.TotalMilliseconds,
                };
                socket.Connect(IPAddress.Loopback, port);
                return socket;
            })];
        }

        public Task RunAsync(int requests) => Task.WhenAll(_sockets.Select(socket => Task.Factory.StartNew(
            () => Exchange(socket, requests), default, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

        public void Dispose() => Array.ForEach(_sockets, socket => socket.Dispose());

        // Every answer has a body of ten digits and nothing like them before it.
        private static void Exchange(Socket socket, int requests)
        {
            var buffer = new byte[4096];
            for (var i = 0; i < requests; i++)
            {
                socket.Send(Requests[i % Requests.Length]);
                var received = 0;
                while (!buffer.AsSpan(0, received).EndsWith("0123456789"u8))
                {
                    var n = socket.Receive(buffer.AsSpan(received));
                    Assert.NotEqual(0, n);
                    received += n;
                }
            }
        }
    }
}
