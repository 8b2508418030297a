using Banyan.Rules;
using Banyan.Xds;

namespace Banyan.Proxy.Snapshot.Resources;

/// <summary>Reads the filter chains for TLS: connections go by the name in their ClientHello, most specific first.</summary>
internal static class ServerNameChains
{
    private const string Tls = "tls";
    private const string Plain = "raw_buffer";

    private const string InspectorTypeUrl =
        "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector";

    /// <summary>Whether the chain takes TLS alone, and passes it through.</summary>
    public static bool TakesTls(FilterChain chain) =>
        TransportSockets.IsRaw(chain.TransportSocket) && chain.FilterChainMatch?.TransportProtocol == Tls;

    /// <summary>Whether the chain takes nothing but what is not TLS.</summary>
    public static bool TakesPlain(FilterChain chain) => chain.FilterChainMatch?.TransportProtocol == Plain;

    /// <summary>The chains as one table with a virtual host for each; null when there is none, or a problem.</summary>
    /// <param name="listener">Whose chains.</param>
    /// <param name="rest">Takes the names that no chain has; null refuses them.</param>
    /// <param name="settings">How long the bytes may pause: what the first chain says.</param>
    /// <param name="problems">Gets what is not supported.</param>
    public static RouteTable? Read(
        Listener listener, RouteAction? rest, out HttpSettings settings, Problems problems)
    {
        settings = HttpSettings.Default;
        var configuration = new RouteConfiguration { Name = Tls };
        for (var i = 0; i < listener.FilterChains.Count; i++)
        {
            var chain = listener.FilterChains[i];
            var condition = $"filter_chains[{i}].filter_chain_match";
            CheckMatch(chain.FilterChainMatch, condition, problems);
            problems.AddIf(
                chain.FilterChainMatch is { ApplicationProtocols.Count: > 0 } && TransportSockets.IsRaw(chain.TransportSocket),
                $"{condition}.application_protocols",
                "not supported where TLS is not terminated");
            if (TakesTls(chain) && ReadProxy(chain, $"filter_chains[{i}].filters", problems) is { } proxy)
            {
                var at = $"filter_chains[{i}].filters[0].typed_config";
                settings = configuration.VirtualHosts.Count == 0 ? TcpProxyFilter.ReadSettings(proxy, at, problems) : settings;
                var names = chain.FilterChainMatch!.ServerNames;
                rest = names.Count == 0 ? null : rest;
                if (TcpProxyFilter.ReadAction(proxy, at, problems) is { } action)
                {
                    configuration.VirtualHosts.Add(TcpProxyFilter.Host(
                        chain.Name.Length > 0 ? chain.Name : $"{Tls}-{i}", names.Count == 0 ? ["*"] : names, action));
                }
            }
        }

        if (configuration.VirtualHosts.Count == 0)
        {
            return null;
        }

        if (rest is not null)
        {
            configuration.VirtualHosts.Add(TcpProxyFilter.Host("rest", ["*"], rest));
        }

        if (!RouteTable.TryCompile(configuration, out var table, out var error))
        {
            problems.Add("filter_chains", error);
        }

        return table;
    }

    /// <summary>Refuses listener filters other than the one that looks into a ClientHello, which this proxy does anyway.</summary>
    public static void CheckFilters(Listener listener, Problems problems)
    {
        for (var i = 0; i < listener.ListenerFilters.Count; i++)
        {
            var filter = listener.ListenerFilters[i];
            problems.AddIf(
                filter.TypedConfig?.TypeUrl != InspectorTypeUrl,
                $"listener_filters[{i}]",
                $"\"{filter.Name}\" is not supported, only TlsInspector is");
        }
    }

    private static void CheckMatch(FilterChainMatch? match, string at, Problems problems)
    {
        if (match is null)
        {
            return;
        }

        problems.AddIf(
            match.TransportProtocol is not ("" or Tls or Plain),
            $"{at}.transport_protocol",
            $"\"{match.TransportProtocol}\" is not {Tls} or {Plain}");
        problems.AddIf(
            match.ServerNames.Count > 0 && match.TransportProtocol != Tls, $"{at}.server_names", $"needs transport_protocol {Tls}");
        for (var i = 0; i < match.ServerNames.Count; i++)
        {
            // What domains of virtual hosts may be beside that is not for server names.
            var name = match.ServerNames[i];
            problems.AddIf(
                name.AsSpan().TrimStart('*') is [] || name.AsSpan(1).Contains('*') || (name[0] == '*' && name[1] != '.'),
                $"{at}.server_names[{i}]",
                $"\"{name}\" is not a name, nor *. and a name");
        }
    }

    private static TcpProxy? ReadProxy(FilterChain chain, string at, Problems problems)
    {
        if (chain.Filters is [{ TypedConfig: { TypeUrl: TcpProxyFilter.TypeUrl } packed }])
        {
            return TcpProxy.Parser.ParseFrom(packed.Value);
        }

        problems.Add(at, "TLS is passed through: exactly one filter is supported, TcpProxy");
        return null;
    }
}
