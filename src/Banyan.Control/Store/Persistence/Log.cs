using Microsoft.Extensions.Logging;

namespace Banyan.Control.Store.Persistence;

/// <summary>Messages of the shared database: 2350 to 2399.</summary>
internal static partial class Log
{
    [LoggerMessage(2350, LogLevel.Warning, "Not heard at the moment what other control planes write: {Problem}")]
    public static partial void WatchLost(ILogger log, string problem);

    [LoggerMessage(2351, LogLevel.Information, "Control plane {Replica} {Leads}")]
    public static partial void Leadership(ILogger log, string replica, string leads);

    [LoggerMessage(2352, LogLevel.Error, "What other control planes wrote cannot be read: {Problem}")]
    public static partial void NotRead(ILogger log, string problem);

    [LoggerMessage(2353, LogLevel.Warning, "A heartbeat was not passed on to other control planes: {Problem}")]
    public static partial void BeatLost(ILogger log, string problem);
}
