using System.Globalization;
using System.Net;
using Banyan.Rules;
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

    /// <summary>Routes of TLS that is passed through, by the name in its ClientHello; null when nothing looks at it.</summary>
    public RouteTable? ByServerName { get; init; }

    /// <summary>What is spoken on the socket, or to the destination.</summary>
    public required PortProtocol Protocol { get; init; }

    /// <summary>Who may call.</summary>
    public ListenerSecurity Security { get; init; }

    public string Service { get; init; } = "";

    public string Namespace { get; init; } = "";

    public string Version { get; init; } = "";

    public string Workload { get; init; } = "";

    public int Port { get; init; }

    public bool IsTarget => Role is null;

    /// <summary>Routes of a listener that takes nothing.</summary>
    private static RouteTable Nothing { get; } = MakeNothing();

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
        problems.AddIf(
            manager.Authorization is not null || manager.Tokens is not null,
            $"{At}.http_filters",
            "RBAC and JWT are supported in inbound listeners only");

        // What an API listener has no words for: how connections that are not HTTP are told apart.
        ServerNameChains.CheckFilters(listener, problems);
        var names = ServerNameChains.Read(listener, rest: null, out _, problems);
        for (var i = 0; i < listener.FilterChains.Count; i++)
        {
            problems.AddIf(
                !ServerNameChains.TakesTls(listener.FilterChains[i]), $"filter_chains[{i}]", "needs transport_protocol tls");
        }

        var target = new ListenerResource
        {
            Name = listener.Name,
            Manager = manager,
            ByServerName = names,
            Protocol = ReadProtocol(listener, isTcp: false, names, problems),
        };
        return Describe(listener, target);
    }

    private static ListenerResource? ReadSocket(Listener listener, Problems problems)
    {
        ServerNameChains.CheckFilters(listener, problems);
        var security = TransportSockets.ReadDownstream(listener, out var secured, problems);
        var address = AddressReader.Read(listener.Address, "address", problems);
        var chains = listener.FilterChains.Index()
            .Where(each => !ServerNameChains.TakesTls(each.Item))
            .Where(each => each.Index != secured || security == ListenerSecurity.Strict)
            .ToArray();
        if (chains.Length > 1 || listener.FilterChains.Count == 0)
        {
            problems.Add("filter_chains", "exactly one is supported beside those for TLS");
            return null;
        }

        var manager = chains.Length == 0 ? null : ReadChain(chains[0].Item, $"filter_chains[{chains[0].Index}]", problems);
        if (manager is null && chains.Length > 0)
        {
            return null;
        }

        var tcp = chains is [{ Item.Filters: [.., { TypedConfig: { TypeUrl: TcpProxyFilter.TypeUrl } packed }] }]
            ? TcpProxy.Parser.ParseFrom(packed.Value)
            : null;
        var isTcp = tcp is not null || chains.Length == 0;

        // A chain without a condition takes what the others leave, TLS too.
        var takesAll = chains.Length > 0 && !ServerNameChains.TakesPlain(chains[0].Item);
        var rest = takesAll && tcp is not null ? TcpProxyFilter.ReadAction(tcp, "", new Problems()) : null;
        var names = ServerNameChains.Read(listener, rest, out var settings, problems);
        problems.AddIf(
            names is not null && takesAll && !isTcp, "filter_chains", "the one for HTTP needs transport_protocol raw_buffer");
        manager ??= new HttpManager(settings, RouteName: null, Nothing);
        problems.AddIf(
            (manager.Authorization is not null || manager.Tokens is not null)
                && listener.TrafficDirection != TrafficDirection.Inbound,
            $"filter_chains[{chains.FirstOrDefault().Index}].filters",
            "RBAC and JWT are supported in inbound listeners only");
        var socket = new ListenerResource
        {
            Name = listener.Name,
            Role = ReadRole(listener.TrafficDirection, manager, isTcp, problems),
            Address = address,
            Manager = manager,
            ByServerName = names,
            Protocol = ReadProtocol(listener, isTcp, names, problems),
            Security = security,
        };
        return Describe(listener, socket);
    }

    private static HttpManager? ReadChain(FilterChain chain, string field, Problems problems)
    {
        if (chain.Filters.Count == 0)
        {
            problems.Add($"{field}.filters", "one is needed");
            return null;
        }

        var authorization = AuthorizationFilters.ReadNetwork(chain, field, problems);
        var at = $"{field}.filters[{chain.Filters.Count - 1}].typed_config";
        var config = chain.Filters[^1].TypedConfig;
        if (config?.TypeUrl == TcpProxyFilter.TypeUrl)
        {
            return TcpProxyFilter.Read(config, at, problems) with { Authorization = authorization };
        }

        // Of two sets of filters one after the other only one would be asked.
        problems.AddIf(authorization is not null, $"{field}.filters", "before HttpConnectionManager RBAC belongs among its http_filters");
        return HttpManager.Read(config, at, problems);
    }

    private static RouteTable MakeNothing() => RouteTable.TryCompile(new RouteConfiguration(), out var table, out var error)
        ? table
        : throw new InvalidOperationException(error);

    private static PortProtocol ReadProtocol(Listener listener, bool isTcp, RouteTable? names, Problems problems)
    {
        const string At = "metadata.filter_metadata[banyan.dev].protocol";
        var word = new BanyanMetadata(listener.Metadata).Text("protocol");
        problems.AddIf(names is not null && word.Length == 0 && !isTcp, At, "filter chains for TLS need detect or tcp");
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
