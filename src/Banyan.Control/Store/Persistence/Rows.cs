using Banyan.Control.Registry;
using Banyan.Control.Tokens;
using Banyan.Model;

namespace Banyan.Control.Store.Persistence;

/// <summary>A row of the objects' table. Content is null when a file owns the object.</summary>
internal sealed record ObjectRow
{
    public string Kind { get; init; } = "";

    public string Namespace { get; init; } = "";

    public string Name { get; init; } = "";

    public string Owner { get; init; } = "";

    public string? TakenFrom { get; init; }

    public string? AppliedBy { get; init; }

    public string? Content { get; init; }

    public string CreatedAt { get; init; } = "";

    public long CreatedRevision { get; init; }

    public long Generation { get; init; }

    public long Revision { get; init; }

    public ObjectKey Key => new(Kind, Namespace, Name);
}

/// <summary>A row of the files' table; both paths are absolute.</summary>
internal sealed record FileRow
{
    public string Path { get; init; } = "";

    public string Source { get; init; } = "";

    public string Content { get; init; } = "";
}

/// <summary>What a revision did to one object. Texts are null where the object did not exist.</summary>
internal sealed record ObjectChangeRow
{
    public long Revision { get; init; }

    public string Kind { get; init; } = "";

    public string Namespace { get; init; } = "";

    public string Name { get; init; } = "";

    /// <summary>created, configured or deleted.</summary>
    public string Action { get; init; } = "";

    public string? OwnerBefore { get; init; }

    public string? TakenBefore { get; init; }

    public string? TextBefore { get; init; }

    public string? OwnerAfter { get; init; }

    public string? TextAfter { get; init; }

    public ObjectKey Key => new(Kind, Namespace, Name);
}

/// <summary>One entry of the audit trail: who wrote what, when and why.</summary>
internal sealed record AuditRow
{
    /// <summary>The revision it made; 0 when it changed no object.</summary>
    public long Revision { get; init; }

    /// <summary>In UTC, ISO 8601.</summary>
    public string MadeAt { get; init; } = "";

    /// <summary>apply, delete, rollback, files and so on.</summary>
    public string Verb { get; init; } = "";

    public string Actor { get; init; } = "";

    /// <summary>socket, tcp or files.</summary>
    public string Via { get; init; } = "";

    public string Reason { get; init; } = "";

    /// <summary>What was written, in words; empty for objects, which have rows of their own.</summary>
    public string Target { get; init; } = "";
}

/// <summary>A revision and what it changed.</summary>
internal sealed record Revision(AuditRow Entry, IReadOnlyList<ObjectChangeRow> Objects);

/// <summary>Which revisions are asked for.</summary>
/// <param name="Limit">At most so many.</param>
/// <param name="Before">Only older ones; 0 = all.</param>
/// <param name="After">Only newer ones; 0 = all.</param>
/// <param name="Kind">Only those that changed this kind; null = all. The objects shown are then of that kind.</param>
/// <param name="Namespace">Only this namespace; null = all.</param>
/// <param name="Name">Only objects of this name; null = all.</param>
/// <param name="OldestFirst">From the other end.</param>
internal sealed record HistoryQuery(
    int Limit,
    long Before = 0,
    long After = 0,
    string? Kind = null,
    string? Namespace = null,
    string? Name = null,
    bool OldestFirst = false);

/// <summary>What one change writes.</summary>
internal sealed record DatabaseChange
{
    /// <summary>The new revision; null when no object changes.</summary>
    public long? Revision { get; init; }

    /// <summary>
    /// What this change was judged by. A shared database refuses it when the revision is another one, if it makes one;
    /// and when the registrations are others, if it changes them.
    /// </summary>
    public Marks Expected { get; init; } = new();

    public List<ObjectRow> Objects { get; init; } = [];

    public List<ObjectKey> RemovedObjects { get; init; } = [];

    public List<FileRow> Files { get; init; } = [];

    public List<string> RemovedFiles { get; init; } = [];

    public List<WorkloadInstance> Instances { get; init; } = [];

    public List<string> RemovedInstances { get; init; } = [];

    public List<Registration> Registrations { get; init; } = [];

    public List<string> RemovedRegistrations { get; init; } = [];

    public List<Token> Tokens { get; init; } = [];

    public List<string> RemovedTokens { get; init; } = [];

    /// <summary>What became of each object.</summary>
    public List<ObjectChangeRow> History { get; init; } = [];

    /// <summary>The entry of the audit trail; null when nobody needs to know.</summary>
    public AuditRow? Audit { get; init; }

    /// <summary>Whether there is nothing to write.</summary>
    public bool IsEmpty => Objects.Count + RemovedObjects.Count + Files.Count + RemovedFiles.Count
        + Instances.Count + RemovedInstances.Count + Registrations.Count + RemovedRegistrations.Count == 0
        && Audit is null;
}
