using System.Globalization;
using System.Net;
using Banyan.Xds;
using Google.Protobuf;

namespace Banyan.Proxy.Snapshot.Resources;

/// <summary>A Listener, checked: a socket of this node, or (without role and address) a destination by name.</summary>
internal sealed record ListenerResource
{
    public required string Name { get; init; }

    /// <summary>Null for an API listener: a destination.</summary>
    public ListenerRole? Role { get; init; }

    /// <summary>Null for an API listener.</summary>
    public IPEndPoint? Address { get; init; }

    public required HttpManager Manager { get; init; }

    /// <summary>What is spoken on the socket, or to the destination.</summary>
    public required PortProtocol Protocol { get; init; }

    public string Service { get; init; } = "";

    public string Namespace { get; init; } = "";

    public string Version { get; init; } = "";

    public string Workload { get; init; } = "";

    public int Port { get; init; }

    public bool IsTarget => Role is null;

    public static ListenerResource? Read(string name, ByteString bytes, Problems problems)
    {
        var listener = Listener.Parser.ParseFrom(bytes);
        problems.AddIf(listener.Name != name, "name", $"\"{listener.Name}\" is not the resource's name");
        return listener.ApiListener is { } api ? ReadTarget(listener, api, problems) : ReadSocket(listener, problems);
    }

    private static ListenerResource? ReadTarget(Listener listener, ApiListener api, Problems problems)
    {
        const string At = "api_listener.api_listener";
        if (HttpManager.Read(api.ApiListener_, At, problems) is not { } manager)
        {
            return null;
        }

        problems.AddIf(manager.RouteName is null, At, "routes must come by rds");
        var target = new ListenerResource
        {
            Name = listener.Name,
            Manager = manager,
            Protocol = ReadProtocol(listener, isTcp: false, problems),
        };
        return Describe(listener, target);
    }

    private static ListenerResource? ReadSocket(Listener listener, Problems problems)
    {
        problems.AddIf(listener.ListenerFilters.Count > 0, "listener_filters", "not supported");
        problems.AddIf(listener.DefaultFilterChain is not null, "default_filter_chain", "not supported");
        problems.AddIf(!listener.FilterChainMatcher.IsEmpty, "filter_chain_matcher", "not supported");
        var address = AddressReader.Read(listener.Address, "address", problems);
        if (listener.FilterChains.Count != 1)
        {
            problems.Add("filter_chains", "exactly one is supported");
            return null;
        }

        var chain = listener.FilterChains[0];
        problems.AddIf(!chain.FilterChainMatch.IsEmpty, "filter_chains[0].filter_chain_match", "not supported");
        problems.AddIf(!chain.TransportSocket.IsEmpty, "filter_chains[0].transport_socket", "not supported");
        if (chain.Filters.Count != 1)
        {
            problems.Add("filter_chains[0].filters", "exactly one is supported");
            return null;
        }

        const string At = "filter_chains[0].filters[0].typed_config";
        var config = chain.Filters[0].TypedConfig;
        var isTcp = config?.TypeUrl == TcpProxyFilter.TypeUrl;
        if ((isTcp ? TcpProxyFilter.Read(config!, At, problems) : HttpManager.Read(config, At, problems)) is not { } manager)
        {
            return null;
        }

        var socket = new ListenerResource
        {
            Name = listener.Name,
            Role = ReadRole(listener.TrafficDirection, manager, isTcp, problems),
            Address = address,
            Manager = manager,
            Protocol = ReadProtocol(listener, isTcp, problems),
        };
        return Describe(listener, socket);
    }

    private static PortProtocol ReadProtocol(Listener listener, bool isTcp, Problems problems)
    {
        const string At = "metadata.filter_metadata[banyan.dev].protocol";
        var word = new BanyanMetadata(listener.Metadata).Text("protocol");
        switch (word)
        {
            case "detect":
                problems.AddIf(isTcp, At, "does not go with tcp_proxy");
                return PortProtocol.Detect;
            case "tcp":
                problems.AddIf(!isTcp && listener.ApiListener is null, At, "needs tcp_proxy instead of http_connection_manager");
                return PortProtocol.Tcp;
            case "":
                return isTcp ? PortProtocol.Tcp : PortProtocol.Http;
            default:
                problems.Add(At, $"\"{word}\" is not detect or tcp");
                return PortProtocol.Http;
        }
    }

    private static ListenerRole ReadRole(TrafficDirection direction, HttpManager manager, bool isTcp, Problems problems)
    {
        switch (direction)
        {
            case TrafficDirection.Inbound:
                problems.AddIf(manager.RouteName is not null, "traffic_direction", "an inbound listener needs inline routes");
                return ListenerRole.Inbound;
            case TrafficDirection.Outbound:
                return manager.RouteName is null && !isTcp ? ListenerRole.Outbound : ListenerRole.Upstream;
            default:
                problems.Add("traffic_direction", "must be INBOUND or OUTBOUND");
                return ListenerRole.Outbound;
        }
    }

    // Foreign control planes send no metadata; then the name, S.NS:PORT, says it.
    private static ListenerResource Describe(Listener listener, ListenerResource resource)
    {
        var metadata = new BanyanMetadata(listener.Metadata);
        var named = TargetName.Parse(resource.Manager.RouteName ?? listener.Name);
        var service = metadata.Text("service");
        return resource with
        {
            Service = service.Length > 0 ? service : named.Service,
            Namespace = service.Length > 0 ? metadata.Text("namespace") : named.Namespace,
            Port = metadata.Number("port") is > 0 and var port ? port : named.Port,
            Version = metadata.Text("version"),
            Workload = metadata.Text("workload"),
        };
    }
}

/// <summary>The parts of <c>S.NS:PORT</c>.</summary>
internal readonly record struct TargetName(string Service, string Namespace, int Port)
{
    /// <summary>Longest name: a DNS name and a port.</summary>
    public const int MaxLength = 253 + 6;

    /// <summary>Takes a name apart; what does not look like one is a service without namespace and port.</summary>
    public static TargetName Parse(string name)
    {
        var colon = name.LastIndexOf(':');
        if (colon < 0
            || !ushort.TryParse(name.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return new TargetName(name, "", 0);
        }

        var host = name[..colon];
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? new TargetName(host, "", port) : new TargetName(host[..dot], host[(dot + 1)..], port);
    }

    /// <summary>Whether this can be the name of a destination at all.</summary>
    public static bool IsPlausible(string name)
    {
        var (service, space, port) = Parse(name);
        return name.Length <= MaxLength
            && port != 0
            && service.Length > 0
            && space.Length > 0
            && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or ':');
    }
}
