using Banyan.Control.Store.Persistence;

namespace Banyan.Control.Store;

/// <summary>Who writes, by which way, and why.</summary>
/// <param name="Verb">apply, delete, rollback, files and so on.</param>
/// <param name="By">A user, the name of a token, or the path whose files changed.</param>
/// <param name="Via">socket, tcp, files or control (the control plane itself).</param>
/// <param name="Reason">In the writer's words; may be empty.</param>
internal sealed record WriteOrigin(string Verb, string By, string Via, string Reason = "")
{
    /// <summary>Files of a source changed.</summary>
    public static WriteOrigin Files(string source) => new("files", source, "files");

    /// <summary>The entry of the audit trail.</summary>
    public AuditRow Entry(long revision, DateTimeOffset at, string target = "") => new()
    {
        Revision = revision,
        MadeAt = at.ToUniversalTime().ToString("O"),
        Verb = Verb,
        Actor = By,
        Via = Via,
        Reason = Reason,
        Target = target,
    };
}
