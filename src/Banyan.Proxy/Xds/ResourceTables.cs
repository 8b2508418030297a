using Banyan.Proxy.Snapshot;
using Banyan.Proxy.Snapshot.Resources;
using Banyan.Rules;

namespace Banyan.Proxy.Xds;

/// <summary>What <see cref="ResourceTables.Promote()"/> changed.</summary>
internal enum Promoted
{
    Nothing,

    /// <summary>Endpoints alone.</summary>
    Endpoints,

    /// <summary>Something that others depend on, so that subscriptions may change.</summary>
    More,
}

/// <summary>All resources this proxy holds, and when each may be seen by traffic.</summary>
/// <remarks>Used by the housekeeping thread alone.</remarks>
internal sealed class ResourceTables
{
    private readonly ResourceTable[] _byType;

    public ResourceTables() => _byType = [Listeners, Routes, Clusters, Endpoints, Secrets];

    public ResourceTable<ListenerResource> Listeners { get; } = new(ResourceType.Listener, ListenerResource.Read);

    public ResourceTable<RouteTable> Routes { get; } = new(ResourceType.Route, RouteResource.Read);

    public ResourceTable<ClusterResource> Clusters { get; } = new(ResourceType.Cluster, ClusterResource.Read);

    public ResourceTable<EndpointsResource> Endpoints { get; } = new(ResourceType.Endpoints, EndpointsResource.Read);

    /// <summary>Anchors. Not a part of what is kept on disk: those that count are kept beside the certificate.</summary>
    public ResourceTable<SecretResource> Secrets { get; } = new(ResourceType.Secret, SecretResource.Read);

    public ReadOnlySpan<ResourceTable> All => _byType;

    public ResourceTable this[ResourceType type] => _byType[(int)type];

    /// <summary>Lets traffic see every resource whose dependencies are there.</summary>
    /// <remarks>Bottom up: a route never leads to a cluster that is not served yet, and while it waits the old one keeps serving.</remarks>
    public Promoted Promote()
    {
        var endpoints = Promote(Endpoints, static _ => true);
        var more = Promote(Clusters, IsComplete);
        more |= Promote(Routes, IsComplete);
        more |= Promote(Listeners, IsComplete);
        Promote(Secrets, static _ => true);
        return more ? Promoted.More : endpoints ? Promoted.Endpoints : Promoted.Nothing;
    }

    /// <summary>Adds every name of a type that what is held depends on.</summary>
    public void AddNeeded(ResourceType type, HashSet<string> names)
    {
        switch (type)
        {
            case ResourceType.Route:
                ForBoth(Listeners, listener => AddIf(names, listener.Manager.RouteName));
                break;
            case ResourceType.Cluster:
                ForBoth(Listeners, listener => names.UnionWith(listener.Manager.Inline?.Clusters ?? []));
                ForBoth(Listeners, listener => names.UnionWith(listener.ByServerName?.Clusters ?? []));
                ForBoth(Routes, table => names.UnionWith(table.Clusters));
                break;
            case ResourceType.Endpoints:
                ForBoth(Clusters, cluster => AddIf(names, cluster.EndpointsName));
                break;
            default:
                break;
        }
    }

    private static bool Promote<T>(ResourceTable<T> table, Func<T, bool> isComplete)
        where T : class
    {
        var changed = false;
        foreach (var held in table.All.Values)
        {
            if (held.Latest is { } latest && !ReferenceEquals(latest, held.Serving) && isComplete(latest.Value))
            {
                held.Serving = latest;
                changed = true;
            }
        }

        return changed;
    }

    private static void ForBoth<T>(ResourceTable<T> table, Action<T> action)
        where T : class
    {
        foreach (var held in table.All.Values)
        {
            if (held.Latest is { } latest)
            {
                action(latest.Value);
            }

            if (held.Serving is { } serving && !ReferenceEquals(serving, held.Latest))
            {
                action(serving.Value);
            }
        }
    }

    private static void AddIf(HashSet<string> names, string? name)
    {
        if (name is not null)
        {
            names.Add(name);
        }
    }

    private bool IsComplete(ClusterResource cluster) =>
        cluster.Kind != ClusterKind.Eds || Endpoints.IsSettled(cluster.EndpointsName!);

    private bool IsComplete(RouteTable table)
    {
        foreach (var cluster in table.Clusters)
        {
            if (!Clusters.IsSettled(cluster))
            {
                return false;
            }
        }

        return true;
    }

    private bool IsComplete(ListenerResource listener) =>
        (listener.ByServerName is not { } names || IsComplete(names))
        && (listener.Manager.Inline is { } inline
            ? IsComplete(inline)
            : Routes.Serving(listener.Manager.RouteName!) is not null);
}
