using Microsoft.Extensions.Logging;

namespace Banyan.Control.Keys;

/// <summary>Messages of the issuers' keys: 2800 to 2849. None holds a key.</summary>
internal static partial class Log
{
    [LoggerMessage(2800, LogLevel.Information, "The keys of {Source} were read: {Count}")]
    public static partial void Read(ILogger log, string source, int count);

    [LoggerMessage(2801, LogLevel.Warning, "The keys of {Source} cannot be read, those from before stay: {Problem}")]
    public static partial void Stale(ILogger log, string source, string problem);

    [LoggerMessage(2802, LogLevel.Warning, "The keys of {Source} cannot be read, its tokens are refused: {Problem}")]
    public static partial void Missing(ILogger log, string source, string problem);

    [LoggerMessage(2803, LogLevel.Warning, "The keys that were read cannot be kept on disk: {Problem}")]
    public static partial void NotKept(ILogger log, string problem);

    [LoggerMessage(2804, LogLevel.Error, "Looking at the keys of issuers failed; it is tried again")]
    public static partial void RoundFailed(ILogger log, Exception exception);
}
