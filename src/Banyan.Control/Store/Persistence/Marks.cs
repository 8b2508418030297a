namespace Banyan.Control.Store.Persistence;

/// <summary>
/// Counts the changes of each part of the database: who holds the same number of a part has nothing to read there.
/// </summary>
internal sealed record Marks
{
    /// <summary>Of the objects: the revision.</summary>
    public long Revision { get; init; }

    /// <summary>Of the files' texts.</summary>
    public long Files { get; init; }

    /// <summary>Of the instances.</summary>
    public long Instances { get; init; }

    /// <summary>Of the registrations.</summary>
    public long Registry { get; init; }

    /// <summary>Of the tokens.</summary>
    public long Tokens { get; init; }

    /// <summary>Whether objects, or what they are made of, are the same.</summary>
    public bool SameObjects(Marks other) =>
        Revision == other.Revision && Files == other.Files && Registry == other.Registry;

    /// <summary>The marks after a change, if nobody else has written meanwhile.</summary>
    public Marks After(DatabaseChange change) => new()
    {
        Revision = change.Revision ?? Revision,
        Files = Files + Step(change.Files, change.RemovedFiles),
        Instances = Instances + Step(change.Instances, change.RemovedInstances),
        Registry = Registry + Step(change.Registrations, change.RemovedRegistrations),
        Tokens = Tokens + Step(change.Tokens, change.RemovedTokens),
    };

    private static int Step<TChanged, TRemoved>(List<TChanged> changed, List<TRemoved> removed) =>
        changed.Count + removed.Count > 0 ? 1 : 0;
}
