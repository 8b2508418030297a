using Microsoft.Extensions.Logging;

namespace Banyan.Control.Registry;

/// <summary>Messages of the registry: 2500 to 2549.</summary>
internal static partial class Log
{
    [LoggerMessage(2500, LogLevel.Warning, "Registration {Id} is forgotten: {Reason}")]
    public static partial void Expired(ILogger log, string id, string reason);

    [LoggerMessage(2501, LogLevel.Error, "Registration {Id} cannot be forgotten yet: {Problem}")]
    public static partial void NotExpired(ILogger log, string id, string problem);

    [LoggerMessage(2502, LogLevel.Warning, "A heartbeat could not be passed on to the other control planes: {Problem}")]
    public static partial void NotPassedOn(ILogger log, string problem);
}
