using System.Collections.Frozen;

namespace Banyan.Proxy.Snapshot;

/// <summary>Everything traffic needs to know about the mesh at one moment. Immutable; read it once per exchange.</summary>
public sealed class MeshSnapshot
{
    /// <summary>What a proxy knows before anybody told it anything.</summary>
    public static MeshSnapshot Empty { get; } = new()
    {
        Listeners = [],
        Targets = Index<TargetConfig>([]),
        Missing = Names([]),
    };

    /// <summary>Sockets to listen on. A listener is absent until its routes and clusters are there.</summary>
    public required ListenerConfig[] Listeners { get; init; }

    /// <summary>Known destinations by <c>S.NS:PORT</c> (ordinal; <see cref="Find"/> looks up without a string).</summary>
    public required FrozenDictionary<string, TargetConfig> Targets { get; init; }

    /// <summary>Names the control plane lately said do not exist (kept 10 s, at most 1,024).</summary>
    public required FrozenSet<string> Missing { get; init; }

    /// <summary>Sockets to listen on are known whose routes or clusters are not there yet: <see cref="Listeners"/> is not all.</summary>
    public bool AwaitsListeners { get; init; }

    /// <summary>The control plane is reachable.</summary>
    public bool Connected { get; init; }

    /// <summary>Grows with every snapshot.</summary>
    public long Revision { get; init; }

    /// <summary>Every <see cref="EndpointConfig.Slot"/> is below this: the length an array by slot needs.</summary>
    public int EndpointSlots { get; init; }

    /// <summary>Every <see cref="ClusterConfig.Slot"/> is below this.</summary>
    public int ClusterSlots { get; init; }

    /// <summary>All destinations with routes of their own: those asked for by name, those of listeners, and of each its routes
    /// by server name.</summary>
    public IEnumerable<TargetConfig> AllTargets
    {
        get
        {
            foreach (var target in Targets.Values.Concat(Listeners.Select(each => (each.Target ?? each.Fallback)!)))
            {
                // An inbound listener whose routes are not there yet has none.
                if (target is not null)
                {
                    yield return target;
                }

                if (target?.ByServerName is { } names)
                {
                    yield return names;
                }
            }
        }
    }

    /// <summary>The destination of that name, or null. Allocates nothing.</summary>
    public TargetConfig? Find(ReadOnlySpan<char> name) =>
        Targets.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var target) ? target : null;

    /// <summary>True when the control plane said the name does not exist. Allocates nothing.</summary>
    public bool IsMissing(ReadOnlySpan<char> name) =>
        Missing.Count != 0 && Missing.GetAlternateLookup<ReadOnlySpan<char>>().Contains(name);

    /// <summary>A dictionary fit for <see cref="Targets"/>.</summary>
    public static FrozenDictionary<string, T> Index<T>(IEnumerable<KeyValuePair<string, T>> entries) =>
        entries.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>A set fit for <see cref="Missing"/>.</summary>
    public static FrozenSet<string> Names(IEnumerable<string> names) => names.ToFrozenSet(StringComparer.Ordinal);
}
