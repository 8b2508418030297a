using Microsoft.Extensions.Logging;

namespace Banyan.Control.Api;

/// <summary>Messages of the API: 2400 to 2499.</summary>
internal static partial class Log
{
    [LoggerMessage(2400, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void RequestFailed(ILogger log, string method, string path, Exception exception);

    [LoggerMessage(2401, LogLevel.Warning, "A connection of user {User} to the unix socket was refused")]
    public static partial void ForeignUser(ILogger log, uint user);

    [LoggerMessage(2402, LogLevel.Error, "{Method} {Path} was refused: {Problem}")]
    public static partial void NotStored(ILogger log, string method, string path, string problem);
}
