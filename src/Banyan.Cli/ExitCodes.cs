namespace Banyan.Cli;

/// <summary>What the exit codes of every verb mean; they are part of the contract and shown by --help.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>What was asked for did not succeed: a file with mistakes, an object that does not exist, failed requests.</summary>
    public const int Failed = 1;

    /// <summary>The command line itself is wrong.</summary>
    public const int Usage = 2;

    /// <summary>The control plane or the supervisor cannot be reached.</summary>
    public const int Unreachable = 3;
}
