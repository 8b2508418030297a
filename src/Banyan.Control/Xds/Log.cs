using Microsoft.Extensions.Logging;

namespace Banyan.Control.Xds;

/// <summary>Messages of the xDS server: 2100 to 2199.</summary>
internal static partial class Log
{
    [LoggerMessage(2100, LogLevel.Information, "Proxy {Node} connected")]
    public static partial void ProxyConnected(ILogger log, string node);

    [LoggerMessage(2101, LogLevel.Information, "Proxy {Node} is gone")]
    public static partial void ProxyGone(ILogger log, string node);

    [LoggerMessage(2102, LogLevel.Warning, "Proxy {Node} refused {Type} {Resource}: {Message}")]
    public static partial void Refused(ILogger log, string node, string type, string resource, string message);

    [LoggerMessage(2103, LogLevel.Debug, "Stream of proxy {Node} ended by the other side")]
    public static partial void StreamEnded(ILogger log, string node);

    [LoggerMessage(2104, LogLevel.Warning, "Stream of proxy {Node} ended: {Status} {Message}")]
    public static partial void StreamFault(ILogger log, string node, string status, string message);

    [LoggerMessage(2105, LogLevel.Error, "Stream of proxy {Node} failed")]
    public static partial void StreamFailed(ILogger log, string node, Exception exception);
}
