using System.Net;
using System.Net.Sockets;
using Banyan.Model;
using Banyan.Testing;
using Banyan.Tests.Control.Identity;
using Banyan.Xds;
using Xunit;

namespace Banyan.Tests.Control.Store;

/// <summary>Control planes, databases and answers that go away.</summary>
public sealed class ReplicaLossTests(PostgresServer server) : IClassFixture<PostgresServer>
{
    [Fact]
    public async Task BothServeTheSameVersionsSoThatWhoMovesIsSentNothing()
    {
        var name = await DatabaseAsync();
        await using var one = await TestControl.StartOnAsync(server.Address(name));
        await using var two = await TestControl.StartOnAsync(server.Address(name));
        await two.AppliedAsync(Texts.Workload("b") + Texts.Workload("a"));
        for (var i = 0; i < 6; i++)
        {
            await (i % 2 == 0 ? one : two).RegisterAsync(Texts.Instance("a-v1", "a", 20100 + (10 * i), replica: 5 - i));
        }

        foreach (var control in (TestControl[])[one, two])
        {
            await Eventually.GetAsync(
                () => control.Api.GetStringAsync("/api/v1/instances"), text => text.Split("\"replica\"").Length == 7, "all instances");
        }

        string[] types = [Texts.Listener, Texts.Route, Texts.Cluster, Texts.Endpoint];
        var first = await HoldAsync(one, types);
        Assert.Equal(types.Length, first.Count);

        await using var moved = await two.XdsAsync("default/a-v1/0");
        foreach (var (type, resources) in first)
        {
            var request = new DeltaDiscoveryRequest { TypeUrl = type, ResourceNamesSubscribe = { resources.Select(each => each.Name) } };
            foreach (var resource in resources)
            {
                request.InitialResourceVersions.Add(resource.Name, resource.Version);
            }

            moved.Send(request);
        }

        await moved.NothingElseAsync();
    }

    [Fact]
    public async Task InstancesOfALostReplicaAreForgottenUnlessTheyAnswer()
    {
        var name = await DatabaseAsync();
        var ttl = TimeSpan.FromSeconds(2);
        await using var two = await TestControl.StartOnAsync(server.Address(name), ttl: ttl);
        using var alive = new RawListener();
        using var closed = new ClosedPort();
        await using (var one = await TestControl.StartOnAsync(server.Address(name), ttl: ttl))
        {
            await one.RegisterAsync(closed.Instance("gone"));
            await one.RegisterAsync(Texts.Instance("alive-v1", "alive", alive.Port - 1));
            await two.RegisterAsync(Texts.Instance("own-v1", "own", FreePorts.Next()));
            await InstancesAsync(two, text => text.Contains("gone-v1", StringComparison.Ordinal) && text.Contains("alive-v1", StringComparison.Ordinal));
        }

        var left = await InstancesAsync(two, text => !text.Contains("gone-v1", StringComparison.Ordinal));
        Assert.Contains("alive-v1", left, StringComparison.Ordinal);
        Assert.Contains("own-v1", left, StringComparison.Ordinal);
    }

    /// <summary>The leader can reach neither: it must not take its own view for that of the replica that has them.</summary>
    [Fact]
    public async Task InstancesThatAnotherReplicaHearsOfAreKept()
    {
        var name = await DatabaseAsync();
        var ttl = TimeSpan.FromSeconds(3);
        await using var leader = await TestControl.StartOnAsync(server.Address(name), ttl: ttl);
        const string Leaders = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        await Eventually.TrueAsync(async () => await server.QueryAsync(name, Leaders) == "1", "it leads");
        await using var other = await TestControl.StartOnAsync(server.Address(name), ttl: ttl);
        using var closed = new ClosedPort();
        var (heard, connected) = (closed.Instance("heard"), closed.Instance("connected"));
        await other.RegisterAsync(connected);
        await using var sidecar = await other.XdsAsync(connected.NodeId);
        sidecar.Subscribe(Texts.Listener, "*");
        using var stop = new CancellationTokenSource();
        var confirming = Task.Run(async () =>
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
            while (!stop.IsCancellationRequested)
            {
                await other.RegisterAsync(heard);
                await timer.WaitForNextTickAsync(CancellationToken.None);
            }
        });
        for (var round = 0; round < 2; round++)
        {
            await other.RegisterAsync(closed.Instance("lost"));
            await InstancesAsync(leader, text => text.Contains("lost-v1", StringComparison.Ordinal));
            var left = await InstancesAsync(leader, text => !text.Contains("lost-v1", StringComparison.Ordinal));
            Assert.Contains("heard-v1", left, StringComparison.Ordinal);
            Assert.Contains("connected-v1", left, StringComparison.Ordinal);
        }

        await stop.CancelAsync();
        await confirming;
        await InstancesAsync(leader, text => !text.Contains("heard-v1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AWriteWhoseAnswerWasLostIsTakenUp()
    {
        var name = await DatabaseAsync();
        await using var relay = new LossyRelay(new Uri(server.Address(name)).Port);
        var address = new UriBuilder(server.Address(name)) { Port = relay.Port }.Uri.ToString();
        await using var control = await TestControl.StartOnAsync(address);

        // Its certificates are writes of their own.
        await IdentityLab.ReadyAsync(control);
        relay.LosesCommits = true;
        using (var answer = await control.ApplyAsync(Texts.Service("a")))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        }

        relay.LosesCommits = false;
        Assert.Equal("1", await server.QueryAsync(name, "SELECT number FROM revision"));
        await control.StatusAsync(status => status is { Revision: 1, Objects: 1 }, "it is in effect");
    }

    [Fact]
    public async Task AServerThatIsNotThereAtTheStartIsWaitedFor()
    {
        var own = new PostgresServer();
        await own.InitializeAsync();
        try
        {
            var name = PostgresServer.NewName();
            await own.CreateAsync(name);
            using var config = new TempFolder("config");
            config.Write("stays.yaml", Texts.Workload("stays"));
            config.Write("goes.yaml", Texts.Workload("goes"));
            await using (var before = await TestControl.StartOnAsync(own.Address(name), [config.Path]))
            {
                await before.AppliedAsync(Texts.Workload("applied"));
            }

            await own.StopAsync();
            File.Delete(config["goes.yaml"]);
            using var folder = new TempFolder("control");
            await using var control = await TestControl.StartInAsync(folder, [config.Path], store: own.Address(name));
            using (var ready = await control.Api.GetAsync("/ready"))
            {
                var problem = await TestControl.ProblemAsync(ready, HttpStatusCode.ServiceUnavailable);
                Assert.StartsWith("the store has not been read yet: postgres://", problem.Detail, StringComparison.Ordinal);
            }

            using (var refused = await control.ApplyAsync(Texts.Workload("b")))
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            }

            // Nothing is known, which is something else than that nothing is there.
            using (var unknown = await control.Api.GetAsync("/api/v1/resources/Workload"))
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, unknown.StatusCode);
            }

            using (var unknown = await control.Api.DeleteAsync("/api/v1/instances/default/gone/0"))
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, unknown.StatusCode);
            }

            Assert.NotNull((await control.StatusAsync()).Store!.Problem);
            await own.RestartAsync();
            await control.ReadyAsync();
            var status = await control.StatusAsync(each => each.Objects == 2, "what there was, without what was removed meanwhile");
            Assert.Null(status.Store!.Problem);
            Assert.Equal("applied-v1\nstays-v1", await own.QueryAsync(name, "SELECT name FROM objects ORDER BY name"));
        }
        finally
        {
            await own.DisposeAsync();
        }
    }

    private static Task<string> InstancesAsync(TestControl control, Func<string, bool> wanted) =>
        Eventually.GetAsync(() => control.Api.GetStringAsync("/api/v1/instances"), wanted, "the instances");

    /// <summary>All of a node's resources, as it asks for them one type after the other.</summary>
    private static async Task<List<(string Type, IReadOnlyList<Resource> Resources)>> HoldAsync(TestControl control, string[] types)
    {
        await using var client = await control.XdsAsync("default/a-v1/0");
        List<(string, IReadOnlyList<Resource>)> held = [];
        foreach (var type in types)
        {
            client.Subscribe(type, "a.default:80", "b.default:80");
            held.Add((type, [.. (await client.ReceiveAndAckAsync()).Resources]));
        }

        return held;
    }

    private async Task<string> DatabaseAsync()
    {
        var name = PostgresServer.NewName();
        await server.CreateAsync(name);
        return name;
    }

    /// <summary>A way to the server that can lose the answer to COMMIT, and the connection with it.</summary>
    private sealed class LossyRelay : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, FreePorts.Next());
        private readonly int _server;

        public LossyRelay(int server)
        {
            _server = server;
            _listener.Start();
            _ = AcceptAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public bool LosesCommits { get; set; }

        public ValueTask DisposeAsync()
        {
            _listener.Dispose();
            return ValueTask.CompletedTask;
        }

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    _ = RelayAsync(await _listener.AcceptTcpClientAsync());
                }
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }

        private async Task RelayAsync(TcpClient client)
        {
            using var server = new TcpClient();
            using (client)
            {
                await server.ConnectAsync(IPAddress.Loopback, _server);
                var isLost = false;
                var there = PumpAsync(client, server, bytes =>
                {
                    isLost |= LosesCommits && bytes.Span.IndexOf("COMMIT\0"u8) >= 0;
                    return true;
                });
                var back = PumpAsync(server, client, _ => !isLost);
                await Task.WhenAny(there, back);
            }
        }

        private static async Task PumpAsync(TcpClient from, TcpClient to, Func<ReadOnlyMemory<byte>, bool> passes)
        {
            var buffer = new byte[64 * 1024];
            try
            {
                while (await from.GetStream().ReadAsync(buffer) is > 0 and var count && passes(buffer.AsMemory(0, count)))
                {
                    await to.GetStream().WriteAsync(buffer.AsMemory(0, count));
                }
            }
            catch (Exception error) when (error is IOException or ObjectDisposedException or InvalidOperationException)
            {
                // One of the two has gone.
            }
        }
    }

    /// <summary>A port at which nobody listens, nor will: a free one may be another test's in a moment.</summary>
    private sealed class ClosedPort : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly int _port = FreePorts.Next();

        public ClosedPort() => _socket.Bind(new IPEndPoint(IPAddress.Loopback, _port));

        public WorkloadInstance Instance(string service) => Texts.Instance($"{service}-v1", service, _port - 1);

        public void Dispose() => _socket.Dispose();
    }
}
