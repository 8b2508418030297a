using System.Net;
using Microsoft.Extensions.Logging;

namespace Banyan.Control;

/// <summary>Messages of the control plane as a whole: 2000 to 2099.</summary>
internal static partial class Log
{
    [LoggerMessage(2000, LogLevel.Information, "Listening: xDS {Xds}, API {Api} and {Socket}")]
    public static partial void Started(ILogger log, IPEndPoint xds, IPEndPoint api, string socket);

    [LoggerMessage(2001, LogLevel.Information, "Ready: every source has loaded, {Count} objects")]
    public static partial void Ready(ILogger log, int count);

    [LoggerMessage(2002, LogLevel.Critical, "A part of the control plane failed and does not run any more")]
    public static partial void PartFailed(ILogger log, Exception exception);
}
