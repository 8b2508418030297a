using Banyan.Control.Tokens;

namespace Banyan.Control.Store.Persistence;

/// <summary>
/// What survives a restart: objects applied over the API, the files' last good texts, who runs where, and every
/// change that was made.
/// </summary>
/// <remarks>
/// Used by the writer's thread alone. Every method throws <see cref="StoreFailedException"/> when the database
/// cannot be used; nothing of a change is written then.
/// </remarks>
internal interface IDatabase : IIdentityDatabase, IDisposable
{
    /// <summary>What it is, for messages: a path, or an address without a password.</summary>
    string Name { get; }

    /// <summary>Whether other replicas write to it too, so that a change can meet another one.</summary>
    bool IsShared { get; }

    /// <summary>Whether it was taken away: what is written would not be found again. Any thread may ask.</summary>
    bool IsLost { get; }

    /// <summary>Puts back what was taken away.</summary>
    void Heal();

    /// <summary>The last revision, and how often the rest has changed.</summary>
    Marks Marks();

    /// <summary>Where every object stands, and the content of those that belong to the API.</summary>
    IReadOnlyList<ObjectRow> Objects();

    /// <summary>The files' last good texts.</summary>
    IReadOnlyList<FileRow> Files();

    /// <summary>The registered instances, as JSON.</summary>
    IReadOnlyList<string> Instances();

    /// <summary>The endpoints that registered themselves, as JSON.</summary>
    IReadOnlyList<string> Registrations();

    /// <summary>The tokens of the API.</summary>
    IReadOnlyList<Token> Tokens();

    /// <summary>Entries of the audit trail, the newest first.</summary>
    IReadOnlyList<AuditRow> Audit(int limit);

    /// <summary>Writes one change, whole or not at all; on return it is safe.</summary>
    /// <exception cref="RevisionConflictException">Another replica was first.</exception>
    void Save(DatabaseChange change);

    /// <summary>Revisions, the newest first unless asked otherwise, with what they changed.</summary>
    IReadOnlyList<Revision> History(HistoryQuery query);

    /// <summary>For each object that was changed after a revision, the first such change.</summary>
    IReadOnlyList<ObjectChangeRow> FirstChangesAfter(long revision);

    /// <summary>The oldest revision whose changes are kept; null when none is.</summary>
    long? OldestChange();
}
