namespace Banyan.Cli.Up;

/// <summary>Where a supervised process is in its life.</summary>
internal enum ProcessState
{
    Stopped,
    Starting,
    Ready,

    /// <summary>It ended and waits to be started again.</summary>
    Waiting,
    Stopping,
}
