using Banyan.Proxy.Record;
using Banyan.Rules;

namespace Banyan.Proxy.Snapshot;

/// <summary>A destination with its routes and the clusters they lead to. Immutable and complete: every cluster a route
/// names is there.</summary>
public sealed class TargetConfig
{
    private int _edgeLabel;
    private int[]? _routeLabels;

    /// <summary><c>S.NS:PORT</c>, or the listener's name for inline routes.</summary>
    public required string Name { get; init; }

    /// <summary>Service that is called; <c>external</c> for what lies outside the mesh.</summary>
    public required string Service { get; init; }

    /// <summary>Namespace of the service; empty for external destinations.</summary>
    public required string Namespace { get; init; }

    /// <summary>Port of the service.</summary>
    public required int Port { get; init; }

    /// <summary>What is spoken to it.</summary>
    public PortProtocol Protocol { get; init; }

    /// <summary>Compiled routes.</summary>
    public required RouteTable Routes { get; init; }

    /// <summary>Parallel to <see cref="RouteTable.Clusters"/> of <see cref="Routes"/>.</summary>
    public required ClusterConfig[] Clusters { get; init; }

    /// <summary>The same destination for TLS that is passed through: routes by the name in the ClientHello, one virtual host
    /// for each. Null when nothing looks at it.</summary>
    public TargetConfig? ByServerName { get; init; }

    /// <summary>How requests are read.</summary>
    public required HttpSettings Http { get; init; }

    /// <summary>Interned (service, namespace, port) for <see cref="EdgeKey"/>.</summary>
    internal int EdgeLabel => _edgeLabel != 0 ? _edgeLabel : _edgeLabel = EdgeLabels.Destination(Service, Namespace, Port);

    /// <summary>Interned name of a route for <see cref="EdgeKey"/>; 0 when none matched.</summary>
    internal int RouteLabel(int index)
    {
        var labels = _routeLabels ?? InternRoutes();
        return (uint)index < (uint)labels.Length ? labels[index] : 0;
    }

    // Two reactors may do this at once: both write the same numbers.
    private int[] InternRoutes() => _routeLabels = Array.ConvertAll(Routes.Routes, static route => EdgeLabels.Route(route.Name));
}
