using Microsoft.Extensions.Logging;

namespace Banyan.Control.Reports;

/// <summary>Messages of the reports: 2600 to 2699.</summary>
internal static partial class Log
{
    [LoggerMessage(2600, LogLevel.Error, "{Path} cannot be read ({Message}); it is now {Aside}, reports begin anew")]
    public static partial void PutAside(ILogger log, string path, string aside, string message);

    [LoggerMessage(2601, LogLevel.Warning, "Reports cannot be saved ({Message}); proxies tell them again")]
    public static partial void NotSaved(ILogger log, string message);

    [LoggerMessage(2602, LogLevel.Warning, "Reports of proxy {Node} are refused: {Message}")]
    public static partial void Refused(ILogger log, string node, string message);
}
