namespace Banyan.Cli.Up.Processes;

/// <summary>Signal numbers of Linux, equal on x64 and arm64.</summary>
internal static class Signals
{
    public const int Kill = 9;
    public const int Terminate = 15;

    /// <summary>The usual name, for messages.</summary>
    public static string Name(int signal) => signal switch
    {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        Kill => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        Terminate => "SIGTERM",
        _ => $"signal {signal}",
    };
}
