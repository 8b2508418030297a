using Microsoft.Extensions.Logging;

namespace Banyan.Control.Sources.Files;

/// <summary>Messages of the file sources: 2200 to 2299.</summary>
internal static partial class Log
{
    [LoggerMessage(2200, LogLevel.Warning, "{Path} cannot be looked at: {Message}")]
    public static partial void CannotLook(ILogger log, string path, string message);

    [LoggerMessage(
        2201, LogLevel.Warning, "Changes of files are not reported by the kernel ({Message}); looking every second")]
    public static partial void PollingOnly(ILogger log, string message);
}
