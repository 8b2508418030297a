namespace Banyan.Cli;

/// <summary>Something the user can mend: the message names the place and the mend, and no stack trace is shown.</summary>
internal class UserException(string message, int exitCode = ExitCodes.Failed) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
