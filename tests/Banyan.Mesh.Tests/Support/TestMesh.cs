using System.Net;
using Banyan.Testing;
using Banyan.Xds;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using static Banyan.Xds.HttpConnectionManager.Types;

namespace Banyan.Mesh.Tests.Support;

/// <summary>
/// Describes a mesh for one proxy in a line or two and runs the real binary on it, from a snapshot file. On dispose the test fails
/// if the proxy logged an error or a bug that the test did not expect.
/// </summary>
internal sealed class TestMesh : IAsyncDisposable
{
    private const string ManagerName = "envoy.filters.network.http_connection_manager";

    private const string ProtocolOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

    private readonly SavedResources _saved = new() { NodeId = "default/caller/0" };
    private readonly TempFolder _folder = new("mesh");
    private TestProcess? _proxy;

    /// <summary>Port of the outbound listener (proxy variables).</summary>
    public int Outbound { get; } = FreePorts.Next();

    /// <summary>Error lines that the test wants.</summary>
    public bool ErrorsExpected { get; set; }

    public TestProcess Proxy => _proxy ?? throw new InvalidOperationException("start the mesh first");

    public string AdminSocket => _folder["admin.sock"];

    /// <summary>For how long a request head may take; null for the default.</summary>
    public TimeSpan? HeadTimeout { get; init; }

    /// <summary>For how long a connection may take to be there; of clusters that are added later.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How requests travel to other sidecars: adaptive, http1 or http2.</summary>
    public string Hop { get; init; } = "";

    /// <summary>For how long no byte may move; null for the default.</summary>
    public TimeSpan? StreamIdle { get; init; }

    /// <summary>A service with endpoints, called through the outbound listener as <c>http://NAME/</c>.</summary>
    public TestMesh Service(string name, params string[] endpoints) => Service(name, meshed: false, endpoints);

    public TestMesh Service(string name, bool meshed, params string[] endpoints)
    {
        Routes(name, Forward(new RouteMatch { Prefix = "/" }, "default", (name, 1)));
        return Cluster(name, meshed, endpoints);
    }

    /// <summary>A service that does not say what it speaks.</summary>
    public TestMesh Undeclared(string name, params string[] endpoints)
    {
        Routes(name, [("protocol", Value.ForString("detect"))], Forward(new RouteMatch { Prefix = "/" }, "default", (name, 1)));
        return Cluster(name, meshed: false, endpoints);
    }

    /// <summary>A service whose bytes are relayed unread.</summary>
    public TestMesh Tcp(string name, params string[] endpoints)
    {
        Routes(name, [("protocol", Value.ForString("tcp"))], Forward(new RouteMatch { Prefix = "/" }, "default", (name, 1)));
        return Cluster(name, meshed: false, endpoints);
    }

    /// <summary>A cluster without a listener of its own: a backend of routes.</summary>
    public TestMesh Cluster(string name, bool meshed, params string[] endpoints) => Cluster(name, meshed, null, endpoints);

    /// <summary>A cluster whose endpoints speak HTTP/2 (true), HTTP/1.1 (false), or what the client speaks (null).</summary>
    public TestMesh Cluster(string name, bool meshed, bool? http2, params string[] endpoints)
    {
        var full = Full(name);
        var cluster = new Cluster
        {
            Name = full,
            Type = Xds.Cluster.Types.DiscoveryType.Eds,
            EdsClusterConfig = new Cluster.Types.EdsClusterConfig { EdsConfig = Ads(), ServiceName = full },
            ConnectTimeout = Duration.FromTimeSpan(ConnectTimeout),
            Metadata = Banyan(("service", Value.ForString(name)), ("namespace", Value.ForString("default"))),
        };
        Declare(cluster, http2);
        Add(full, cluster);
        var assignment = new ClusterLoadAssignment { ClusterName = full, Endpoints = { new LocalityLbEndpoints() } };
        foreach (var (endpoint, index) in endpoints.Select((e, i) => (e, i)))
        {
            assignment.Endpoints[0].LbEndpoints.Add(new LbEndpoint
            {
                Endpoint = new Endpoint { Address = Address(IPEndPoint.Parse(endpoint)) },
                HealthStatus = HealthStatus.Healthy,
                Metadata = Banyan(
                    ("workload", Value.ForString($"{name}-{index}")),
                    ("version", Value.ForString("v1")),
                    ("meshed", Value.ForBool(meshed))),
            });
        }

        return Add(full, assignment);
    }

    /// <summary>A service's routes, instead of the default one.</summary>
    public TestMesh Routes(string name, params Route[] routes) => Routes(name, [], routes);

    private TestMesh Routes(string name, (string Name, Value Value)[] more, params Route[] routes)
    {
        var full = Full(name);
        Add(full, new RouteConfiguration
        {
            Name = full,
            VirtualHosts = { new VirtualHost { Name = full, Domains = { "*" }, Routes = { routes } } },
        });
        return Add(full, new Listener
        {
            Name = full,
            ApiListener = new ApiListener { ApiListener_ = Any.Pack(Manager(full, null)) },
            Metadata = Banyan([
                ("service", Value.ForString(name)),
                ("namespace", Value.ForString("default")),
                ("port", Value.ForNumber(80)),
                .. more]),
        });
    }

    /// <summary>A fixed local port to a service; the port.</summary>
    /// <param name="name">The service.</param>
    /// <param name="tcp">Its bytes are relayed unread.</param>
    public int Upstream(string name, bool tcp = false)
    {
        var port = FreePorts.Next();
        var full = Full(name);
        Add($"upstream/{full}", SocketListener(
            $"upstream/{full}", port, TrafficDirection.Outbound, tcp ? Relay(full) : Reading(Manager(full, null))));
        return port;
    }

    /// <summary>An inbound listener in front of an application; the port.</summary>
    /// <param name="name">The service.</param>
    /// <param name="application">Address of the application.</param>
    /// <param name="http2">It speaks HTTP/2 (true), HTTP/1.1 (false), or what the client speaks (null).</param>
    /// <param name="tcp">Its bytes are relayed unread.</param>
    public int Inbound(string name, string application, bool? http2 = null, bool tcp = false)
    {
        var port = FreePorts.Next();
        var cluster = $"app:{application}";
        var routes = new RouteConfiguration
        {
            Name = $"inbound/{Full(name)}",
            VirtualHosts =
            {
                new VirtualHost
                {
                    Name = "inbound",
                    Domains = { "*" },
                    Routes = { new Route { Name = "inbound", Match = new RouteMatch { Prefix = "/" }, Route_ = new RouteAction { Cluster = cluster } } },
                },
            },
        };
        Add($"inbound/{Full(name)}", SocketListener($"inbound/{Full(name)}", port, TrafficDirection.Inbound, tcp ? Relay(cluster) : Reading(Manager("inbound", routes))));
        var local = new Cluster
        {
            Name = cluster,
            Type = Xds.Cluster.Types.DiscoveryType.Static,
            ConnectTimeout = Duration.FromTimeSpan(ConnectTimeout),
            LoadAssignment = new ClusterLoadAssignment
            {
                ClusterName = cluster,
                Endpoints =
                {
                    new LocalityLbEndpoints
                    {
                        LbEndpoints = { new LbEndpoint { Endpoint = new Endpoint { Address = Address(IPEndPoint.Parse(application)) } } },
                    },
                },
            },
        };
        Declare(local, http2);
        Add(cluster, local);
        return port;
    }

    public static Route Forward(RouteMatch match, string name, params (string Service, uint Weight)[] backends)
    {
        var action = new RouteAction();
        if (backends.Length == 1)
        {
            action.Cluster = Full(backends[0].Service);
        }
        else
        {
            action.WeightedClusters = new WeightedCluster();
            foreach (var (service, weight) in backends)
            {
                action.WeightedClusters.Clusters.Add(new WeightedCluster.Types.ClusterWeight
                {
                    Name = Full(service),
                    Weight = weight,
                });
            }
        }

        return new Route { Name = name, Match = match, Route_ = action };
    }

    /// <summary>Starts the proxy and waits until it serves.</summary>
    public async Task<TestMesh> StartAsync(bool outboundAllowed = true)
    {
        var fallback = new Route { Name = "outside", Match = new RouteMatch { Prefix = "/" } };
        if (outboundAllowed)
        {
            fallback.Route_ = new RouteAction { Cluster = "external" };
            Add("external", new Cluster { Name = "external", Type = Xds.Cluster.Types.DiscoveryType.OriginalDst });
        }
        else
        {
            fallback.DirectResponse = new DirectResponseAction { Status = 403 };
        }

        var routes = new RouteConfiguration
        {
            Name = "outside",
            VirtualHosts = { new VirtualHost { Name = "outside", Domains = { "*" }, Routes = { fallback } } },
        };
        Add("outbound", SocketListener("outbound", Outbound, TrafficDirection.Outbound, Reading(Manager("outbound", routes))));
        await File.WriteAllBytesAsync(_folder["snapshot.pb"], SnapshotFormat.Encode(_saved));
        _proxy = TestProcess.Start(
            ProxyBinary.Path,
            ["--snapshot", _folder["snapshot.pb"], "--admin", $"unix:{AdminSocket}"],
            environment: new Dictionary<string, string?> { ["BANYAN_TEST"] = "1", ["BANYAN_HOP"] = Hop });
        await _proxy.LineAsync("\"ready\"");
        return this;
    }

    public Task<RawConnection> ConnectAsync() => RawConnection.ConnectAsync(Outbound);

    public async ValueTask DisposeAsync()
    {
        if (_proxy is not null)
        {
            var log = _proxy.Error;
            await _proxy.DisposeAsync();
            if (!ErrorsExpected && (log.Contains("\"level\":\"error\"", StringComparison.Ordinal) || log.Contains("Unhandled", StringComparison.Ordinal)))
            {
                throw new InvalidOperationException($"the proxy logged an error:\n{log}");
            }
        }

        _folder.Dispose();
    }

    private static Filter Reading(HttpConnectionManager manager) => new() { Name = ManagerName, TypedConfig = Any.Pack(manager) };

    private static Filter Relay(string cluster) => new()
    {
        Name = "envoy.filters.network.tcp_proxy",
        TypedConfig = Any.Pack(new TcpProxy { StatPrefix = cluster, Cluster = cluster }),
    };

    private static Listener SocketListener(string name, int port, TrafficDirection direction, Filter filter) => new()
    {
        Name = name,
        Address = Address(new IPEndPoint(IPAddress.Loopback, port)),
        TrafficDirection = direction,
        FilterChains = { new FilterChain { Filters = { filter } } },
        Metadata = name.Contains('/', StringComparison.Ordinal)
            ? Banyan(
                ("service", Value.ForString(name.Split('/', '.')[1])),
                ("namespace", Value.ForString("default")),
                ("port", Value.ForNumber(80)),
                ("version", Value.ForString("v1")),
                ("workload", Value.ForString("app")))
            : null,
    };

    private HttpConnectionManager Manager(string name, RouteConfiguration? inline)
    {
        var manager = new HttpConnectionManager
        {
            StatPrefix = name,
            NormalizePath = true,
            MergeSlashes = true,
            PathWithEscapedSlashesAction = PathWithEscapedSlashesAction.RejectRequest,
            HttpFilters = { new HttpFilter { Name = "envoy.filters.http.router", TypedConfig = Any.Pack(new Router()) } },
        };
        if (HeadTimeout is { } head)
        {
            manager.RequestHeadersTimeout = Duration.FromTimeSpan(head);
        }

        if (StreamIdle is { } idle)
        {
            manager.StreamIdleTimeout = Duration.FromTimeSpan(idle);
        }

        if (inline is null)
        {
            manager.Rds = new Rds { ConfigSource = Ads(), RouteConfigName = name };
        }
        else
        {
            manager.RouteConfig = inline;
        }

        return manager;
    }

    /// <summary><c>SERVICE</c>, or <c>SERVICE.NAMESPACE</c>, as the mesh calls it.</summary>
    private static string Full(string name) =>
        name.Contains('.', StringComparison.Ordinal) ? $"{name}:80" : $"{name}.default:80";

    private static void Declare(Cluster cluster, bool? http2)
    {
        if (http2 is { } declared)
        {
            cluster.TypedExtensionProtocolOptions.Add(ProtocolOptions, Any.Pack(new HttpProtocolOptions
            {
                ExplicitHttpConfig = declared
                    ? new HttpProtocolOptions.Types.ExplicitHttpConfig { Http2ProtocolOptions = new Http2ProtocolOptions() }
                    : new HttpProtocolOptions.Types.ExplicitHttpConfig { HttpProtocolOptions = new Http1ProtocolOptions() },
            }));
        }
    }

    private static ConfigSource Ads() => new() { Ads = new AggregatedConfigSource(), ResourceApiVersion = ApiVersion.V3 };

    private static Address Address(IPEndPoint endPoint) => new()
    {
        SocketAddress = new Xds.SocketAddress { Address = endPoint.Address.ToString(), PortValue = (uint)endPoint.Port },
    };

    private static Metadata Banyan(params (string Name, Value Value)[] fields)
    {
        var values = new Struct();
        foreach (var (name, value) in fields)
        {
            values.Fields.Add(name, value);
        }

        return new Metadata { FilterMetadata = { ["banyan.dev"] = values } };
    }

    private TestMesh Add(string name, IMessage message)
    {
        var packed = Any.Pack(message);
        _saved.Resources.Add(new Resource { Name = name, Version = "1", Resource_ = packed });
        return this;
    }
}

/// <summary>The proxy under test: the release build, or the one that BANYAN_PROXY names (the ahead-of-time build).</summary>
internal static class ProxyBinary
{
    /// <summary>Whether it brings its runtime along, compiled in.</summary>
    public static bool IsAheadOfTime => !File.Exists(System.IO.Path.ChangeExtension(Path, ".dll"));

    public static string Path => Environment.GetEnvironmentVariable("BANYAN_PROXY") is { Length: > 0 } given ? given : Repository.Proxy;
}
