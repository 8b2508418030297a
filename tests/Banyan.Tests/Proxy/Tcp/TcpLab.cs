using System.Buffers;
using System.Net;
using System.Text;
using Banyan.Proxy;
using Banyan.Proxy.Accept;
using Banyan.Proxy.Options;
using Banyan.Proxy.Record;
using Banyan.Proxy.Record.Render;
using Banyan.Proxy.Snapshot;
using Banyan.Rules;
using Banyan.Rules.Authorization;
using Banyan.Testing;
using Banyan.Tests.Rules;
using Banyan.Xds;

namespace Banyan.Tests.Proxy.Tcp;

/// <summary>One worker on a thread of its own, with a snapshot made by hand. Disposing it fails if a bug was reported.</summary>
internal sealed class TcpLab : IDisposable
{
    private readonly List<ListenerConfig> _listeners = [];
    private readonly List<KeyValuePair<string, TargetConfig>> _targets = [];
    private readonly SnapshotHolder _snapshots = new();
    private readonly MetricsShards _metrics = new(1);
    private readonly List<Exception> _faults = [];
    private readonly ListenerSet _listenerSet;
    private readonly Thread _thread;
    private int _slots;

    public TcpLab(HopMode hop = HopMode.Adaptive)
    {
        Worker = new Worker(0, _snapshots, new NoDiscovery(), _metrics.Shards[0], "default") { Hop = hop };
        Worker.Loop.OnFault = fault =>
        {
            lock (_faults)
            {
                _faults.Add(fault);
            }
        };
        _listenerSet = new ListenerSet(Worker, sharePort: false, new ProxyLog(LogLevel.Off, TimeProvider.System));
        Worker.OnConfigured = () => _listenerSet.Reconcile(_snapshots.Current);
        _thread = new Thread(Worker.Loop.Run) { IsBackground = true };
    }

    public Worker Worker { get; }

    /// <summary>Connect timeout of the clusters made from now on.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The endpoints made from now on are other sidecars.</summary>
    public bool Meshed { get; set; }

    /// <summary>Those that the endpoints made from now on have to be, with mTLS; null: they are called in plaintext.</summary>
    public string[]? Identities { get; set; }

    /// <summary>Who may call on the inbound listeners made from now on.</summary>
    public ListenerSecurity Security { get; set; }

    /// <summary>Who may call what at the inbound listeners made from now on.</summary>
    public AuthorizationTable? Authorization { get; set; }

    /// <summary>Limit of connections of the clusters made from now on.</summary>
    public int MaxConnections { get; set; } = 1024;

    /// <summary>Connections that may wait, of the clusters made from now on.</summary>
    public int MaxPending { get; set; } = 1024;

    /// <summary>Time for a ClientHello at the listeners made from now on.</summary>
    public TimeSpan HeadTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Idle timeout of the listeners made from now on.</summary>
    public TimeSpan Idle { get; set; } = TimeSpan.FromHours(1);

    /// <summary>A listener with one destination; the port.</summary>
    public int Listen(PortProtocol protocol, ListenerRole role, params (string[] Endpoints, uint Weight)[] backends)
    {
        var port = FreePorts.Next();
        var name = $"echo{port}";
        _listeners.Add(new ListenerConfig
        {
            Name = $"{role}/{name}.default:80",
            Role = role,
            Address = new IPEndPoint(IPAddress.Loopback, port),
            Target = Target(name, protocol, backends),
            Protocol = protocol,
            Security = role == ListenerRole.Inbound ? Security : ListenerSecurity.Plaintext,
            Authorization = role == ListenerRole.Inbound ? Authorization : null,
            Http = HttpSettings.Default with { StreamIdle = Idle },
            Service = name,
            Namespace = "default",
            Port = 80,
            Workload = role == ListenerRole.Inbound ? "app" : "",
        });
        return port;
    }

    public int Listen(PortProtocol protocol, params string[] endpoints) => Listen(protocol, ListenerRole.Upstream, (endpoints, 1));

    /// <summary>A listener that tells TLS by server name; the port.</summary>
    /// <param name="protocol">What is declared: with <see cref="PortProtocol.Tcp"/>, TLS alone is served.</param>
    /// <param name="plain">Where the rest goes when nothing is declared.</param>
    /// <param name="names">Names, with a space between them, and where their connections go.</param>
    public int ListenByName(PortProtocol protocol, string plain, params (string Names, string Endpoint)[] names)
    {
        var port = FreePorts.Next();
        var name = $"tls{port}";
        _listeners.Add(new ListenerConfig
        {
            Name = $"upstream/{name}.default:80",
            Role = ListenerRole.Upstream,
            Address = new IPEndPoint(IPAddress.Loopback, port),
            Target = ByName(name, protocol, plain, names),
            Protocol = protocol,
            Http = HttpSettings.Default with { StreamIdle = Idle, HeadTimeout = HeadTimeout },
        });
        return port;
    }

    /// <summary>A destination by server name that CONNECT may name: <c>NAME.default:80</c>.</summary>
    public void DestinationByName(string name, params (string Names, string Endpoint)[] names) =>
        _targets.Add(new($"{name}.default:80", ByName(name, PortProtocol.Tcp, "", names)));

    /// <summary>An outbound listener, for CONNECT; the port.</summary>
    public int Outbound()
    {
        var port = FreePorts.Next();
        _listeners.Add(new ListenerConfig
        {
            Name = "outbound",
            Role = ListenerRole.Outbound,
            Address = new IPEndPoint(IPAddress.Loopback, port),
            Http = HttpSettings.Default,
        });
        return port;
    }

    /// <summary>A destination that CONNECT may name: <c>NAME.default:80</c>.</summary>
    public void Destination(string name, PortProtocol protocol, params string[] endpoints) =>
        _targets.Add(new($"{name}.default:80", Target(name, protocol, (endpoints, 1))));

    public async Task<TcpLab> StartAsync()
    {
        _thread.Start();
        Publish();
        await Eventually.TrueAsync(() => _listenerSet.Complete, "the listeners are bound");
        return this;
    }

    /// <summary>From now on the endpoints of the listeners on that port have to be these, with mTLS.</summary>
    public void Secure(int port, params string[] identities)
    {
        var at = _listeners.FindIndex(listener => listener.Address.Port == port);
        var (old, target) = (_listeners[at], _listeners[at].Target!);
        _listeners[at] = new ListenerConfig
        {
            Name = old.Name,
            Role = old.Role,
            Address = old.Address,
            Protocol = old.Protocol,
            Security = old.Security,
            Http = old.Http,
            Service = old.Service,
            Namespace = old.Namespace,
            Port = old.Port,
            Workload = old.Workload,
            Target = new TargetConfig
            {
                Name = target.Name,
                Service = target.Service,
                Namespace = target.Namespace,
                Port = target.Port,
                Protocol = target.Protocol,
                Routes = target.Routes,
                Http = target.Http,
                Clusters = [.. target.Clusters.Select(cluster => new ClusterConfig
                {
                    Name = cluster.Name,
                    Kind = cluster.Kind,
                    Slot = cluster.Slot,
                    ConnectTimeout = cluster.ConnectTimeout,
                    Endpoints = [.. cluster.Endpoints.Select(endpoint => Secured(endpoint, identities))],
                })],
            },
        };
        Publish();
    }

    /// <summary>The same endpoint with mTLS.</summary>
    public static EndpointConfig Secured(EndpointConfig endpoint, params string[] identities) => new()
    {
        Slot = endpoint.Slot,
        Address = endpoint.Address,
        Workload = endpoint.Workload,
        Meshed = endpoint.Meshed,
        Mtls = true,
        Identities = identities,
    };

    /// <summary>A number of <c>/metrics</c>: the sum of the lines that begin with <paramref name="name"/> and have all of the labels.</summary>
    public double Metric(string name, params string[] labels)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new ExpositionWriter(output, ExpositionFormat.Text);
        EdgeMetrics.Write(writer, EdgeTotals.Collect(_metrics), node: null);
        TcpMetrics.Write(writer, _metrics, node: null);
        ReactorMetrics.Write(writer, _metrics);
        return Encoding.UTF8.GetString(output.WrittenSpan).Split('\n')
            .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line[name.Length] is '{' or ' ')
            .Where(line => labels.All(label => line.Contains(label, StringComparison.Ordinal)))
            .Sum(line => double.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>Runs on the worker's thread and waits for it.</summary>
    public async Task<T> OnWorkerAsync<T>(Func<T> ask)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Worker.Loop.Post(() => answer.SetResult(ask()));
        return await Eventually.WithinAsync(answer.Task, "the worker's answer");
    }

    public void Dispose()
    {
        Worker.Loop.Stop();
        _thread.Join();
        lock (_faults)
        {
            if (_faults.Count > 0)
            {
                throw new AggregateException("the reactor reported bugs", _faults);
            }
        }
    }

    private void Publish() => _snapshots.Publish(new MeshSnapshot
    {
        Listeners = [.. _listeners],
        Targets = MeshSnapshot.Index(_targets),
        Missing = MeshSnapshot.Names(["nobody.default:80"]),
    });

    private TargetConfig Target(string name, PortProtocol protocol, params (string[] Endpoints, uint Weight)[] backends)
    {
        var action = new RouteAction { WeightedClusters = new WeightedCluster() };
        foreach (var (index, (_, weight)) in backends.Index())
        {
            action.WeightedClusters.Clusters.Add(new WeightedCluster.Types.ClusterWeight { Name = $"{name}/{index}", Weight = weight });
        }

        return new TargetConfig
        {
            Name = $"{name}.default:80",
            Service = name,
            Namespace = "default",
            Port = 80,
            Protocol = protocol,
            Routes = Tables.Compile(new Route { Name = "default", Match = new RouteMatch { Prefix = "/" }, Route_ = action }),
            Clusters = [.. backends.Select((backend, index) => Cluster($"{name}/{index}", backend.Endpoints))],
            Http = HttpSettings.Default,
        };
    }

    private TargetConfig ByName(string name, PortProtocol protocol, string plain, (string Names, string Endpoint)[] names)
    {
        var configuration = new RouteConfiguration();
        foreach (var (index, (each, _)) in names.Index())
        {
            configuration.VirtualHosts.Add(new VirtualHost
            {
                Name = $"{index}",
                Domains = { each.Split(' ') },
                Routes =
                {
                    new Route { Name = each, Match = new RouteMatch { Prefix = "/" }, Route_ = new RouteAction { Cluster = $"{index}" } },
                },
            });
        }

        var target = Target(name, protocol, ([plain], 1));
        return new TargetConfig
        {
            Name = target.Name,
            Service = target.Service,
            Namespace = target.Namespace,
            Port = target.Port,
            Protocol = protocol,
            Routes = protocol == PortProtocol.Detect ? target.Routes : Tables.Compile(new RouteConfiguration()),
            Clusters = protocol == PortProtocol.Detect ? target.Clusters : [],
            Http = target.Http,
            ByServerName = new TargetConfig
            {
                Name = target.Name,
                Service = target.Service,
                Namespace = target.Namespace,
                Port = target.Port,
                Protocol = PortProtocol.Tcp,
                Routes = Tables.Compile(configuration),
                Clusters = [.. names.Select((each, index) => Cluster($"{name}/{index}", [each.Endpoint]))],
                Http = target.Http,
            },
        };
    }

    private ClusterConfig Cluster(string name, string[] endpoints) => new()
    {
        Name = name,
        Kind = ClusterKind.Static,
        Slot = _slots++,
        ConnectTimeout = ConnectTimeout,
        MaxConnections = MaxConnections,
        MaxPending = MaxPending,
        Endpoints = [.. endpoints.Where(endpoint => endpoint.Length > 0).Select(endpoint => new EndpointConfig
        {
            Slot = _slots++,
            Address = IPEndPoint.Parse(endpoint),
            Workload = name,
            Meshed = Meshed,
            Mtls = Identities is not null,
            Identities = Identities ?? [],
        })],
    };
}
