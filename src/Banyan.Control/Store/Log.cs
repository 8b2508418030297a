using Microsoft.Extensions.Logging;

namespace Banyan.Control.Store;

/// <summary>Messages of the store: 2300 to 2349.</summary>
internal static partial class Log
{
    [LoggerMessage(2300, LogLevel.Error, "The configuration cannot be compiled; what was served before stays")]
    public static partial void CompileFailed(ILogger log, Exception exception);

    [LoggerMessage(2301, LogLevel.Information, "Revision {Revision}: {Count} objects changed by {Source}")]
    public static partial void Changed(ILogger log, long revision, int count, string source);

    [LoggerMessage(2302, LogLevel.Warning, "{Source} refused: {Problem}")]
    public static partial void Refused(ILogger log, string source, string problem);

    [LoggerMessage(2303, LogLevel.Warning, "{Path} {Reason}")]
    public static partial void Held(ILogger log, string path, string reason);

    [LoggerMessage(
        2304, LogLevel.Error, "What changed is in effect, but could not be stored yet: {Problem}")]
    public static partial void NotSaved(ILogger log, string problem);

    [LoggerMessage(2305, LogLevel.Warning, "{Path} has nothing to watch but does not exist: waiting for it")]
    public static partial void Missing(ILogger log, string path);

    [LoggerMessage(2306, LogLevel.Warning, "What was stored of {What} can no longer be read and is dropped: {Problem}")]
    public static partial void Dropped(ILogger log, string what, string problem);

    [LoggerMessage(2307, LogLevel.Information, "Instance {Node} was not registered again and does not answer: removed")]
    public static partial void InstanceExpired(ILogger log, string node);

    [LoggerMessage(2309, LogLevel.Warning, "The store cannot be read yet, nobody is answered before: {Problem}")]
    public static partial void Awaited(ILogger log, string problem);

    [LoggerMessage(2310, LogLevel.Warning, "{Source} cuts callers off: {Text}")]
    public static partial void CutOff(ILogger log, string source, string text);

    [LoggerMessage(2311, LogLevel.Warning, "Whom {Source} cuts off cannot be told: {Problem}")]
    public static partial void NotReplayed(ILogger log, string source, string problem);

    [LoggerMessage(2308, LogLevel.Information, "Everything that is in effect is stored again")]
    public static partial void Saved(ILogger log);
}
