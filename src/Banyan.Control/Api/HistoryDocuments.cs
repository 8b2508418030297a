namespace Banyan.Control.Api;

/// <summary>Answer of GET /api/v1/history.</summary>
/// <param name="Revision">The last revision.</param>
/// <param name="Items">Revisions, the newest first.</param>
public sealed record HistoryDocument(long Revision, IReadOnlyList<HistoryEntry> Items);

/// <summary>One revision.</summary>
/// <param name="Revision">Its number.</param>
/// <param name="At">When it was made.</param>
/// <param name="Verb">apply, delete, rollback or files.</param>
/// <param name="By">A user, the name of a token, or the path whose files changed.</param>
/// <param name="Via">socket, tcp or files.</param>
/// <param name="Reason">Why, in the writer's words.</param>
/// <param name="Changes">What it did to objects.</param>
public sealed record HistoryEntry(
    long Revision,
    DateTimeOffset At,
    string Verb,
    string By,
    string Via,
    string Reason,
    IReadOnlyList<ObjectDiff> Changes);

/// <summary>What happens to one object, or happened.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Name">Its name.</param>
/// <param name="Action">created, configured, unchanged or deleted.</param>
/// <param name="Owner">Who owns it: api or file:PATH; the last owner of what is deleted.</param>
/// <param name="Diff">In unified format; empty when the text is the same.</param>
public sealed record ObjectDiff(
    string Kind, string Namespace, string Name, string Action, string Owner, string Diff);

/// <summary>Answer of POST /api/v1/diff.</summary>
/// <param name="Revision">The revision that the body was compared with.</param>
/// <param name="Objects">Every object of the body.</param>
public sealed record DiffDocument(long Revision, IReadOnlyList<ObjectDiff> Objects);

/// <summary>Answer of POST /api/v1/rollback.</summary>
/// <param name="Revision">The revision in effect now.</param>
/// <param name="Changed">What was restored.</param>
/// <param name="Refused">What stays as it is because a file owns it.</param>
/// <param name="Warnings">Who is cut off by it, or would be by a policy in audit mode.</param>
public sealed record RollbackDocument(
    long Revision,
    IReadOnlyList<ChangedObject> Changed,
    IReadOnlyList<RefusedEntry> Refused,
    IReadOnlyList<string> Warnings);

/// <summary>An object that was not restored.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Name">Its name.</param>
/// <param name="Owner">file:PATH.</param>
/// <param name="Message">Why, and what to do.</param>
/// <param name="Patch">What would restore it, in unified format.</param>
public sealed record RefusedEntry(
    string Kind, string Namespace, string Name, string Owner, string Message, string Patch);

/// <summary>Answer of GET /api/v1/audit.</summary>
public sealed record AuditDocument(IReadOnlyList<AuditEntry> Items);

/// <summary>One write.</summary>
/// <param name="At">When.</param>
/// <param name="Verb">apply, delete, rollback, files, register, token create and so on.</param>
/// <param name="By">A user, the name of a token, or the path whose files changed.</param>
/// <param name="Via">socket, tcp, files or control (the control plane itself).</param>
/// <param name="Reason">Why, in the writer's words.</param>
/// <param name="Target">What was written, where it is no object.</param>
/// <param name="Revision">The revision that it made; 0 when it changed no object.</param>
public sealed record AuditEntry(
    DateTimeOffset At, string Verb, string By, string Via, string Reason, string Target, long Revision);
