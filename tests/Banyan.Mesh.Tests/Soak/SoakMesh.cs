using System.Globalization;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;

namespace Banyan.Mesh.Tests.Soak;

/// <summary>
/// client → relay → sidecar → relay → sidecar → one of two backends, for each protocol. The relays break and stall connections, the
/// backends go and come back.
/// </summary>
internal sealed class SoakMesh : IAsyncDisposable
{
    private const int Backends = 2;

    private readonly SoakBackend[] _backends;
    private readonly List<ChaosRelay> _relays = [];
    private readonly Dictionary<SoakProtocol, int> _ports = [];

    private SoakMesh(SoakLedger ledger, int seed)
    {
        _backends = [.. Enumerable.Range(0, Backends).Select(i => new SoakBackend(ledger, HashCode.Combine(seed, i)))];
        var inbound = _backends.SelectMany((backend, i) => new[]
        {
            (Protocol: SoakProtocol.Http1, Port: Server.Inbound($"web{i}", $"127.0.0.1:{backend.Http1Port}")),
            (Protocol: SoakProtocol.Http2, Port: Server.Inbound($"calls{i}", $"127.0.0.1:{backend.Http2Port}")),
            (Protocol: SoakProtocol.Tcp, Port: Server.Inbound($"bytes{i}", $"127.0.0.1:{backend.TcpPort}", tcp: true)),
        }).ToLookup(entry => entry.Protocol, entry => entry.Port);
        foreach (var protocol in Enum.GetValues<SoakProtocol>())
        {
            var carrier = protocol switch
            {
                SoakProtocol.WebSocket => SoakProtocol.Http1,
                SoakProtocol.Grpc or SoakProtocol.WebSocketHttp2 => SoakProtocol.Http2,
                _ => protocol,
            };
            var name = $"{protocol}".ToLowerInvariant();
            var between = inbound[carrier].Select(port => new ChaosRelay(ledger, protocol, "between the sidecars", port)).ToList();
            Client.Service(name, meshed: true, [.. between.Select(relay => relay.Address)]);
            var first = new ChaosRelay(ledger, protocol, "of a client", Client.Upstream(name, tcp: protocol == SoakProtocol.Tcp));
            _relays.AddRange([.. between, first]);
            _ports[protocol] = first.Port;
        }
    }

    /// <summary>The clients' sidecar.</summary>
    public TestMesh Client { get; } = new();

    /// <summary>That of the backends.</summary>
    public TestMesh Server { get; } = new();

    public static async Task<SoakMesh> StartAsync(SoakLedger ledger, int seed)
    {
        var mesh = new SoakMesh(ledger, seed);
        foreach (var backend in mesh._backends)
        {
            await backend.StartAsync();
        }

        await mesh.Server.StartAsync();
        await mesh.Client.StartAsync();
        return mesh;
    }

    /// <summary>Where a client of that protocol connects.</summary>
    public int Port(SoakProtocol protocol) => _ports[protocol];

    /// <summary>Does harm until it is told to stop; everything is there again at the end.</summary>
    public async Task HarmAsync(Random random, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await PauseAsync(random.Next(30, 250), stop);
            var relay = _relays[random.Next(_relays.Count)];
            switch (random.Next(20))
            {
                case < 12:
                    relay.Break(random, reset: random.Next(2) == 0);
                    break;
                case < 19:
                    relay.Stall(random, TimeSpan.FromMilliseconds(random.Next(50, 1500)));
                    break;
                default:
                    await using (await _backends[random.Next(Backends)].TakeAwayAsync())
                    {
                        await PauseAsync(random.Next(20, 800), stop);
                    }

                    break;
            }
        }
    }

    /// <summary>What no sidecar may hold any longer when nobody asks for anything.</summary>
    public async Task AwaitDrainedAsync()
    {
        await AwaitZeroAsync("banyan_requests_active");
        await AwaitZeroAsync("banyan_tcp_connections_active");
        foreach (var relay in _relays)
        {
            await relay.DisposeAsync();
        }

        _relays.Clear();
        foreach (var backend in _backends)
        {
            await backend.DisposeAsync();
        }

        await AwaitZeroAsync("banyan_connections_active");
        await AwaitZeroAsync("banyan_upstream_connections_active");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var relay in _relays)
        {
            await relay.DisposeAsync();
        }

        foreach (var backend in _backends)
        {
            await backend.DisposeAsync();
        }

        await Client.DisposeAsync();
        await Server.DisposeAsync();
    }

    private static async Task PauseAsync(int milliseconds, CancellationToken stop)
    {
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System, stop);
        }
        catch (OperationCanceledException)
        {
            // The end comes early.
        }
    }

    private async Task AwaitZeroAsync(string gauge)
    {
        foreach (var (name, sidecar) in new[] { ("the clients' sidecar", Client), ("the backends' sidecar", Server) })
        {
            using var admin = UnixSocketClient.Create(sidecar.AdminSocket);
            await Eventually.GetAsync(async () => Sum(await admin.GetStringAsync("/metrics"), gauge), sum => sum == 0, $"{gauge} of {name} to be 0");
        }
    }

    private static double Sum(string metrics, string name) => metrics.Split('\n')
        .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line[name.Length] is '{' or ' ')
        .Sum(line => double.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture));
}
