using Banyan.Proxy.Snapshot;
using Banyan.Xds;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;
using static Banyan.Tests.Proxy.Resources;

namespace Banyan.Tests.Proxy.Xds;

/// <summary>How a proxy learns what is spoken on a listener, to a destination and to a cluster; what it refuses of it.</summary>
public sealed class ProtocolTests
{
    private const string Options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    private const string Payments = "payments.default:80";

    private readonly DiscoveryDriver _driver = new();

    public ProtocolTests() => _driver.Discovery.Open();

    public static TheoryData<string, string> RefusedOptions => new()
    {
        { "none", $"typed_extension_protocol_options[{Options}]: explicit_http_config or use_downstream_protocol_config is needed" },
        { "auto", $"typed_extension_protocol_options[{Options}].auto_config: not supported" },
        { "empty", $"typed_extension_protocol_options[{Options}].explicit_http_config: http_protocol_options or http2_protocol_options is needed" },
        { "http3", $"typed_extension_protocol_options[{Options}].explicit_http_config.http3_protocol_options: not supported" },
        { "downstream", $"typed_extension_protocol_options[{Options}].use_downstream_protocol_config.http3_protocol_options: not supported" },
        { "filters", $"typed_extension_protocol_options[{Options}].http_filters: not supported" },
        { "type", $"typed_extension_protocol_options[{Options}]: type.googleapis.com/x is not supported, only HttpProtocolOptions is" },
        { "old1", "http_protocol_options: not supported, write typed_extension_protocol_options" },
        { "old2", "http2_protocol_options: not supported, write typed_extension_protocol_options" },
    };

    public static TheoryData<string, string> RefusedProxies => new()
    {
        { "none", "typed_config: cluster or weighted_clusters is needed" },
        { "name", "typed_config: cluster: required" },
        { "clusters", "typed_config: weighted_clusters.clusters: must be from 1 to" },
        { "weighted name", "typed_config: weighted_clusters.clusters[0].name: required" },
        { "weighted match", "typed_config.weighted_clusters.clusters[0].metadata_match: not supported" },
        { "match", "typed_config.metadata_match: not supported" },
        { "hash", "typed_config.hash_policy: not supported" },
        { "tunnel", "typed_config.tunneling_config: not supported" },
        { "duration", "typed_config.max_downstream_connection_duration: not supported" },
        { "demand", "typed_config.on_demand: not supported" },
        { "idle", "typed_config.idle_timeout: must be from 0 s" },
        { "word", "metadata.filter_metadata[banyan.dev].protocol: does not go with tcp_proxy" },
        { "direction", "traffic_direction: must be INBOUND or OUTBOUND" },
    };

    [Fact]
    public void AClusterSaysWhichHttpItsEndpointsSpeak()
    {
        Assert.Equal(UpstreamProtocol.SameAsClient, Read(null));
        Assert.Equal(UpstreamProtocol.Http1, Read(new() { ExplicitHttpConfig = new() { HttpProtocolOptions = new() } }));
        Assert.Equal(UpstreamProtocol.Http2, Read(new() { ExplicitHttpConfig = new() { Http2ProtocolOptions = new() } }));
        Assert.Equal(UpstreamProtocol.SameAsClient, Read(new() { UseDownstreamProtocolConfig = new() }));

        UpstreamProtocol Read(HttpProtocolOptions? options)
        {
            _driver.Serve(Payments, "10.0.0.1:80");
            var cluster = Eds(Payments);
            Assert.Null(_driver.Send(options is null ? cluster : Speaking(cluster, options)).ErrorDetail);
            return _driver.Snapshot.Find(Payments)!.Clusters[0].Protocol;
        }
    }

    [Theory]
    [MemberData(nameof(RefusedOptions))]
    public void OptionsItCannotServe(string what, string message)
    {
        var options = new HttpProtocolOptions();
        var cluster = Speaking(Eds(Payments), options);
        switch (what)
        {
            case "auto": options.AutoConfig = ByteString.Empty; break;
            case "empty": options.ExplicitHttpConfig = new(); break;
            case "http3": options.ExplicitHttpConfig = new() { Http3ProtocolOptions = ByteString.Empty }; break;
            case "downstream": options.UseDownstreamProtocolConfig = new() { Http3ProtocolOptions = ByteString.Empty }; break;
            case "filters":
                options.UseDownstreamProtocolConfig = new();
                options.HttpFilters.Add(ByteString.CopyFromUtf8("x"));
                break;
            case "type": cluster.TypedExtensionProtocolOptions[Options].TypeUrl = "type.googleapis.com/x"; break;
            case "old1": cluster.HttpProtocolOptions = ByteString.Empty; break;
            case "old2": cluster.Http2ProtocolOptions = ByteString.Empty; break;
        }

        cluster.TypedExtensionProtocolOptions[Options].Value = options.ToByteString();
        if (what.StartsWith("old", StringComparison.Ordinal))
        {
            cluster.TypedExtensionProtocolOptions.Clear();
        }

        _driver.Serve(Payments, "10.0.0.1:80");

        var answer = _driver.Send(cluster);

        Assert.Equal($"Cluster {Payments}: {message}", answer.ErrorDetail?.Message);
    }

    [Theory]
    [InlineData("", PortProtocol.Http)]
    [InlineData("detect", PortProtocol.Detect)]
    [InlineData("tcp", PortProtocol.Tcp)]
    public void ADestinationSaysWhatIsSpokenToIt(string word, PortProtocol protocol)
    {
        _driver.Serve(Payments, "10.0.0.1:80");
        Assert.Equal(PortProtocol.Http, _driver.Snapshot.Find(Payments)!.Protocol);

        Assert.Null(_driver.Send(WithMetadata(Api(Payments), ("protocol", Value.ForString(word)))).ErrorDetail);

        Assert.Equal(protocol, _driver.Snapshot.Find(Payments)!.Protocol);
    }

    [Theory]
    [InlineData("", PortProtocol.Http)]
    [InlineData("detect", PortProtocol.Detect)]
    public void AnInboundSocketSaysWhatIsSpokenOnIt(string word, PortProtocol protocol)
    {
        var listener = Inbound(Payments, "127.0.0.1:20001", "127.0.0.1:20002");
        listener.Metadata.FilterMetadata["banyan.dev"].Fields.Add("protocol", Value.ForString(word));
        _driver.Send(listener);
        _driver.Send(Static("app:127.0.0.1:20002", "127.0.0.1:20002"));

        var socket = Assert.Single(_driver.Snapshot.Listeners);

        Assert.Equal((protocol, protocol), (socket.Protocol, socket.Target!.Protocol));
    }

    [Fact]
    public void TheOutsideDeclaresNothing()
    {
        _driver.Send(Outbound("127.0.0.1:20001"));
        _driver.Send(new Cluster { Name = "external", Type = Cluster.Types.DiscoveryType.OriginalDst });

        var socket = Assert.Single(_driver.Snapshot.Listeners);

        Assert.Equal((PortProtocol.Http, PortProtocol.Detect), (socket.Protocol, socket.Fallback!.Protocol));
    }

    [Theory]
    [InlineData("http", "\"http\" is not detect or tcp")]
    [InlineData("tcp", "needs tcp_proxy instead of http_connection_manager")]
    public void AWordItDoesNotKnow(string word, string message)
    {
        var listener = WithMetadata(Outbound("127.0.0.1:20001"), ("protocol", Value.ForString(word)));

        Assert.Equal(
            $"Listener outbound: metadata.filter_metadata[banyan.dev].protocol: {message}",
            _driver.Send(listener).ErrorDetail?.Message);
    }

    [Fact]
    public void ATcpProxyHasOneRouteWithItsWeights()
    {
        var proxy = new TcpProxy { WeightedClusters = new(), IdleTimeout = new Duration { Seconds = 7 } };
        proxy.WeightedClusters.Clusters.Add(new TcpProxy.Types.WeightedCluster.Types.ClusterWeight { Name = "a", Weight = 90 });
        proxy.WeightedClusters.Clusters.Add(new TcpProxy.Types.WeightedCluster.Types.ClusterWeight { Name = "b", Weight = 10 });
        var listener = TcpSocket("upstream/db.default:5432", "127.0.0.1:20001", TrafficDirection.Outbound, proxy);
        var answer = _driver.Send(WithMetadata(
            listener,
            ("service", Value.ForString("db")),
            ("namespace", Value.ForString("default")),
            ("port", Value.ForNumber(5432)),
            ("protocol", Value.ForString("tcp"))));
        Assert.Null(answer.ErrorDetail);
        Assert.Equal(["a", "b"], _driver.LastRequests.Single(each => each.TypeUrl == ClusterUrl).ResourceNamesSubscribe);
        _driver.Send(Static("a", "10.0.0.1:1"), Static("b", "10.0.0.2:1"));

        var socket = Assert.Single(_driver.Snapshot.Listeners);

        Assert.Equal((ListenerRole.Upstream, PortProtocol.Tcp), (socket.Role, socket.Protocol));
        Assert.Equal(TimeSpan.FromSeconds(7), socket.Http.StreamIdle);
        Assert.Null(socket.Fallback);
        var target = socket.Target!;
        Assert.Equal(("db.default:5432", "db", "default", 5432), (target.Name, target.Service, target.Namespace, target.Port));
        Assert.Equal(PortProtocol.Tcp, target.Protocol);
        var route = Assert.Single(target.Routes.Routes);
        Assert.Equal(("tcp", 100u), (route.Name, route.TotalWeight));
        Assert.Equal(
            [("a", 90u), ("b", 10u)],
            route.Backends.Select(backend => (target.Clusters[backend.Cluster].Name, backend.Weight)));
        Assert.Equal("10.0.0.2:1", target.Clusters[1].Endpoints[0].Address.ToString());
    }

    [Theory]
    [InlineData(TrafficDirection.Inbound, ListenerRole.Inbound)]
    [InlineData(TrafficDirection.Outbound, ListenerRole.Upstream)]
    public void ATcpProxyWithoutMetadataIsServedTooAndPausesForAnHour(TrafficDirection direction, ListenerRole role)
    {
        Assert.Null(_driver.Send(TcpSocket("db", "127.0.0.1:20001", direction, new TcpProxy { Cluster = "a" })).ErrorDetail);
        _driver.Send(Static("a", "10.0.0.1:1"));

        var socket = Assert.Single(_driver.Snapshot.Listeners);

        Assert.Equal((role, PortProtocol.Tcp), (socket.Role, socket.Protocol));
        Assert.Equal(("db", TimeSpan.FromHours(1)), (socket.Target!.Name, socket.Http.StreamIdle));
    }

    [Fact]
    public void ASocketThatIsDeclaredNoMoreIsAnotherListener()
    {
        var http = Inbound(Payments, "127.0.0.1:20001", "127.0.0.1:20002");
        _driver.Send(http);
        _driver.Send(Static("app:127.0.0.1:20002", "127.0.0.1:20002"));
        var before = Assert.Single(_driver.Snapshot.Listeners);
        Assert.Same(before, Assert.Single(_driver.Snapshot.Listeners));

        http.Metadata.FilterMetadata["banyan.dev"].Fields.Add("protocol", Value.ForString("detect"));
        _driver.Send(http);

        Assert.Equal(PortProtocol.Detect, Assert.Single(_driver.Snapshot.Listeners).Protocol);
    }

    [Theory]
    [MemberData(nameof(RefusedProxies))]
    public void ATcpProxyItCannotServe(string what, string message)
    {
        var proxy = new TcpProxy { Cluster = "a" };
        var weight = new TcpProxy.Types.WeightedCluster.Types.ClusterWeight { Name = "a", Weight = 1 };
        switch (what)
        {
            case "none": proxy.ClearClusterSpecifier(); break;
            case "name": proxy.Cluster = ""; break;
            case "clusters": proxy.WeightedClusters = new(); break;
            case "weighted name": weight.Name = ""; proxy.WeightedClusters = new() { Clusters = { weight } }; break;
            case "weighted match": weight.MetadataMatch = ByteString.Empty; proxy.WeightedClusters = new() { Clusters = { weight } }; break;
            case "match": proxy.MetadataMatch = ByteString.Empty; break;
            case "hash": proxy.HashPolicy.Add(ByteString.Empty); break;
            case "tunnel": proxy.TunnelingConfig = ByteString.Empty; break;
            case "duration": proxy.MaxDownstreamConnectionDuration = new Duration(); break;
            case "demand": proxy.OnDemand = ByteString.Empty; break;
            case "idle": proxy.IdleTimeout = new Duration { Seconds = -1 }; break;
        }

        var listener = TcpSocket(
            "l", "127.0.0.1:20001", what == "direction" ? TrafficDirection.Unspecified : TrafficDirection.Inbound, proxy);
        if (what == "word")
        {
            WithMetadata(listener, ("protocol", Value.ForString("detect")));
        }

        var answer = _driver.Send(listener);

        Assert.StartsWith("Listener l: ", answer.ErrorDetail?.Message, StringComparison.Ordinal);
        Assert.Contains(message, answer.ErrorDetail!.Message, StringComparison.Ordinal);
        Assert.Empty(_driver.Snapshot.Listeners);
    }
}
