using Banyan.Model;

namespace Banyan.Control.Store;

/// <summary>All that the store holds. Belongs to the writer's thread; others read <see cref="StoreView"/>.</summary>
internal sealed class StoreState
{
    /// <summary>The configured paths, in the order they were given.</summary>
    public List<SourceState> Sources { get; } = [];

    /// <summary>What was applied over the API.</summary>
    public Dictionary<ObjectKey, ApiObject> Api { get; set; } = [];

    /// <summary>What is in effect.</summary>
    public Dictionary<ObjectKey, StoredObject> Live { get; set; } = [];

    /// <summary>Who runs where, by node id.</summary>
    public Dictionary<string, InstanceEntry> Instances { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Counts changes of what is in effect.</summary>
    public long Revision { get; set; }

    /// <summary>Finds a source by the path it was configured with.</summary>
    public SourceState Source(string path) => Sources.First(source => source.Path == path);
}

/// <summary>A registered instance.</summary>
/// <param name="Instance">What was registered.</param>
/// <param name="IsRestored">Whether it comes from the database and nobody has confirmed it since.</param>
internal sealed record InstanceEntry(WorkloadInstance Instance, bool IsRestored);
