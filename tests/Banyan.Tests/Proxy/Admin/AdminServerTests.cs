using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Banyan.Proxy.Admin;
using Banyan.Proxy.Background;
using Banyan.Proxy.Options;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Testing;
using Banyan.Tests.Proxy.Record;
using Banyan.Wire.Http1;
using Xunit;
using static Banyan.Tests.Proxy.Resources;

namespace Banyan.Tests.Proxy.Admin;

public sealed class AdminServerTests : IDisposable
{
    private const string Payments = "payments.default:80";

    private readonly TempFolder _folder = new();
    private readonly SnapshotHolder _holder = new();
    private readonly Lifecycle _lifecycle = new();
    private readonly MetricsShards _metrics = new(1);
    private readonly ProxyLog _log = new(LogLevel.Off, TimeProvider.System);
    private readonly Housekeeping _housekeeping;
    private readonly AdminContext _context;
    private readonly AdminServer _server;
    private readonly HttpClient _client;

    public AdminServerTests()
    {
        var file = _folder["compiled.pb"];
        Assert.Null(SnapshotFile.Write(file, Saved(
            "default/web/0",
            Api(Payments),
            Routes(Payments, Split("default/pay/0", (Payments, 90), ("nowhere", 0))),
            Eds(Payments),
            Endpoints(Payments, "10.0.0.1:80"),
            Static("nowhere"))));
        var options = new ProxyOptions { SnapshotFile = file, Testing = true };
        _housekeeping = Housekeeping.Start(options, _holder, _metrics, _log, TimeProvider.System, out _)!;
        _context = new AdminContext
        {
            Options = options,
            Snapshots = _holder,
            Metrics = _metrics,
            Lifecycle = _lifecycle,
            Housekeeping = _housekeeping,
            Log = _log,
            DescribeEndpoint = (_, json) => json.WriteNumber("inflight", 3),
        };
        var path = _folder["admin.sock"];
        _server = AdminServer.Start(AdminAddress.Unix(path), _context, out var error)!;
        Assert.Equal("", error);
        _client = UnixSocketClient.Create(path);
    }

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
        _housekeeping.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void TheSocketIsPrivate() =>
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder["admin.sock"]));

    [Theory]
    [InlineData(LifecycleState.Starting, 503, "starting")]
    [InlineData(LifecycleState.Serving, 200, "ready")]
    [InlineData(LifecycleState.Draining, 503, "draining")]
    [InlineData(LifecycleState.Drained, 503, "draining")]
    public async Task ReadinessFollowsTheLifecycle(LifecycleState state, int status, string text)
    {
        _lifecycle.State = state;
        var response = await _client.GetAsync("/ready");
        Assert.Equal((status, text + "\n"), ((int)response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task ConfigShowsDestinationsAndWeights()
    {
        var config = await JsonAsync("/config");
        Assert.Equal("default/web/0", config.GetProperty("node").GetString());
        var target = Assert.Single(config.GetProperty("targets").EnumerateArray());
        var route = Assert.Single(target.GetProperty("routes").EnumerateArray());
        Assert.Equal("default/pay/0", route.GetProperty("name").GetString());
        var backend = Assert.Single(route.GetProperty("backends").EnumerateArray());
        Assert.Equal((Payments, 90), (backend.GetProperty("cluster").GetString(), backend.GetProperty("weight").GetInt32()));
    }

    [Fact]
    public async Task ClustersShowEndpointsAndTheirLiveState()
    {
        var clusters = (await JsonAsync("/clusters")).GetProperty("clusters").EnumerateArray().ToArray();
        var cluster = Assert.Single(clusters, c => c.GetProperty("name").GetString() == Payments);
        var endpoint = Assert.Single(cluster.GetProperty("endpoints").EnumerateArray());
        Assert.Equal(("10.0.0.1:80", 3), (endpoint.GetProperty("address").GetString(), endpoint.GetProperty("inflight").GetInt32()));
    }

    [Fact]
    public async Task EdgesCarryWholeDistributions()
    {
        var key = EdgeKey.Client(EdgeTests.Target("payments", "pay"), 0, EdgeTests.Endpoint("v1"), RequestMethod.Get, 200, hop: HopPeer.Verified("spiffe://a/b"));
        _metrics.Shards[0].Edge(key).Record(1000);
        _metrics.Shards[0].Edge(key).Record(1000);

        var edges = await JsonAsync("/edges");

        Assert.Equal("default/web/0", edges.GetProperty("node").GetString());
        Assert.Equal(
            """{"direction":"client","service":"payments","namespace":"default","port":80,"version":"v1","workload":"payments-v1","route":"pay","method":"GET","status":200,"mtls":true,"peerIdentity":"spiffe://a/b","count":2,"sumMicros":2000,"buckets":[[317,2]]}""",
            edges.GetProperty("edges")[0].GetRawText());
    }

    [Fact]
    public async Task XdsShowsTheConnection()
    {
        var xds = await JsonAsync("/xds");
        Assert.False(xds.GetProperty("connected").GetBoolean());
        Assert.Equal("1", xds.GetProperty("versions").GetProperty(ListenerUrl).GetProperty(Payments).GetString());
        Assert.Empty(xds.GetProperty("nacks").EnumerateArray());
    }

    [Fact]
    public async Task DrainIsAskedForOnce()
    {
        var asked = 0;
        _lifecycle.DrainRequested += () => asked++;
        _lifecycle.InFlight = () => 7;
        _lifecycle.State = LifecycleState.Serving;
        Assert.Equal("""{"state":"serving","inflight":7}""", await _client.GetStringAsync("/drain"));
        Assert.Equal(HttpStatusCode.Accepted, (await _client.PostAsync("/drain", null)).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await _client.PostAsync("/drain", new StringContent("x"))).StatusCode);
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task MetricsComeInTheFormatThatIsAskedFor()
    {
        var text = await _client.GetAsync("/metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", text.Content.Headers.ContentType!.ToString());
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.TryAddWithoutValidation("Accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
        var open = await _client.SendAsync(request);
        Assert.Equal("application/openmetrics-text; version=1.0.0; charset=utf-8", open.Content.Headers.ContentType!.ToString());
        Assert.EndsWith("# EOF\n", await open.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ALargePageArrivesWhole()
    {
        for (var status = 1; status <= EdgeCatalog.Limit; status++)
        {
            _metrics.Shards[0].Edge(EdgeKey.Client(EdgeTests.Target("large"), 0, null, RequestMethod.Get, status)).Record(1);
        }

        var text = await _client.GetStringAsync("/metrics");
        Assert.Equal(EdgeCatalog.Limit, text.Split('\n').Count(l => l.StartsWith("http_client_request_duration_seconds_count", StringComparison.Ordinal)));
        Assert.Equal(EdgeCatalog.Limit, (await JsonAsync("/edges")).GetProperty("edges").GetArrayLength());
    }

    [Theory]
    [InlineData("GET", "/nowhere", 404)]
    [InlineData("DELETE", "/drain", 405)]
    [InlineData("POST", "/ready", 404)]
    [InlineData("GET", "/counters/allocations", 200)]
    [InlineData("GET", "/counters/heap", 200)]
    [InlineData("GET", "/ready?x=1", 503)]
    public async Task OtherRequests(string method, string path, int status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        Assert.Equal(status, (int)(await _client.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task HeadHasNoBody()
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, "/config");
        var response = await _client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task OverTcpNothingIsChangedAndNamesAreRefused()
    {
        using var server = AdminServer.Start(Tcp(), _context, out _)!;
        var port = ((IPEndPoint)server.Bound!).Port;

        Assert.Equal(403, await StatusAsync("POST /drain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"));
        Assert.Equal(403, await StatusAsync("GET /config HTTP/1.1\r\nHost: evil.example\r\n\r\n"));
        Assert.Equal(200, await StatusAsync("GET /config HTTP/1.1\r\nHost: 127.0.0.1:14000\r\n\r\n"));
        Assert.Equal(200, await StatusAsync("GET /config HTTP/1.1\r\nHost: [::1]\r\n\r\n"));
        Assert.Equal(400, await StatusAsync("GET /config HTTP/1.1\r\nHost : localhost\r\n\r\n"));
        Assert.Equal(431, await StatusAsync("GET /config HTTP/1.1\r\nHost: localhost\r\nX: " + new string('x', 9000) + "\r\n\r\n"));
        Assert.Equal(411, await StatusAsync("POST /drain HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));

        async Task<int> StatusAsync(string request)
        {
            using var connection = await RawConnection.ConnectAsync(port);
            var response = await connection.ExchangeAsync(request);
            return response.Status;
        }
    }

    [Fact]
    public async Task ASlowClientDoesNotHideReadiness()
    {
        _lifecycle.State = LifecycleState.Serving;
        using var server = AdminServer.Start(Tcp(), _context, out _)!;
        var port = ((IPEndPoint)server.Bound!).Port;
        using var slow = await RawConnection.ConnectAsync(port);
        await slow.SendAsync("GET /rea");
        using var other = await RawConnection.ConnectAsync(port);
        Assert.Equal(200, (await other.ExchangeAsync("GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n")).Status);
    }

    [Fact]
    public void ALivingSocketIsNotTakenAStaleOneIs()
    {
        Assert.Null(AdminServer.Start(AdminAddress.Unix(_folder["admin.sock"]), _context, out var error));
        Assert.Contains("another process is listening there", error, StringComparison.Ordinal);

        var stale = _folder["stale.sock"];
        using (var left = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            left.Bind(new UnixDomainSocketEndPoint(_folder["bound.sock"]));
            File.Move(_folder["bound.sock"], stale);
        }

        using var server = AdminServer.Start(AdminAddress.Unix(stale), _context, out error);
        Assert.NotNull(server);
    }

    private static AdminAddress Tcp()
    {
        Assert.Null(AdminAddress.Read("127.0.0.1:0", out var address));
        return address;
    }

    private async Task<JsonElement> JsonAsync(string path) =>
        JsonDocument.Parse(await _client.GetStringAsync(path)).RootElement;
}
