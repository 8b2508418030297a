using System.Collections.Immutable;
using Banyan.Control.Registry;
using Banyan.Control.Store.Persistence;
using Banyan.Control.Tokens;
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

    /// <summary>Endpoints that registered themselves, by their id.</summary>
    public ImmutableDictionary<string, Registration> Registrations { get; set; } =
        ImmutableDictionary.Create<string, Registration>(StringComparer.Ordinal);

    /// <summary>Tokens of the API, by their id.</summary>
    public ImmutableDictionary<string, Token> Tokens { get; set; } =
        ImmutableDictionary.Create<string, Token>(StringComparer.Ordinal);

    /// <summary>What the issuers of tokens sign with.</summary>
    public TokenKeys Keys { get; set; } = TokenKeys.None;

    /// <summary>Counts changes of what is in effect, as far as the database holds them.</summary>
    public long Revision => Marks.Revision;

    /// <summary>How far the database was read.</summary>
    public Marks Marks { get; set; } = new();

    /// <summary>Why the database could not be read since the start; null once it was.</summary>
    public string? Awaited { get; set; }

    /// <summary>What is in effect and not in the database yet.</summary>
    public Unsaved Unsaved { get; set; } = Unsaved.None;

    /// <summary>Nodes whose registration is not in the database as it is here.</summary>
    public HashSet<string> UnsavedInstances { get; } = new(StringComparer.Ordinal);

    /// <summary>Why the database does not take what it should; null while it does.</summary>
    public string? StoreProblem { get; set; }

    /// <summary>Finds a source by the path it was configured with.</summary>
    public SourceState Source(string path) => Sources.First(source => source.Path == path);
}

/// <summary>A registered instance.</summary>
/// <param name="Instance">What was registered.</param>
/// <param name="IsRestored">Whether it comes from the database and nobody has confirmed it here since.</param>
internal sealed record InstanceEntry(WorkloadInstance Instance, bool IsRestored);
