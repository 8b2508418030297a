namespace Banyan.Cli.Client;

/// <summary>What to do with objects that are sent.</summary>
/// <param name="Take">Whether to take over what others own.</param>
/// <param name="DryRun">Whether to change nothing.</param>
/// <param name="IfRevision">Refuse when one of them changed after this revision; null = never.</param>
/// <param name="Reason">Why; null = not said.</param>
internal sealed record ApplyRequest(bool Take, bool DryRun, long? IfRevision, string? Reason, bool Force = false);
