using System.Collections.Frozen;
using Banyan.Control.Store;
using Banyan.Model;

namespace Banyan.Control.Identity;

/// <summary>The identities that workloads have, by what is in effect. Thread-safe.</summary>
internal sealed class KnownIdentities
{
    // One for each view: many renew between two changes.
    private volatile Entry? _last;

    /// <summary>Whether some workload has it.</summary>
    public bool Contains(StoreView view, SpiffeId identity)
    {
        var entry = _last;
        if (entry is null || !ReferenceEquals(entry.View, view))
        {
            _last = entry = new Entry(view, view.Objects.Values
                .Select(each => each.Object).OfType<Workload>()
                .Select(each => MeshIdentities.Of(view, each.Metadata.Namespace, each.Metadata.Name))
                .OfType<SpiffeId>()
                .ToFrozenSet());
        }

        return entry.Identities.Contains(identity);
    }

    private sealed record Entry(StoreView View, FrozenSet<SpiffeId> Identities);
}
