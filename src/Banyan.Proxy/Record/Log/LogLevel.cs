namespace Banyan.Proxy.Record;

/// <summary>How important a log line is.</summary>
public enum LogLevel : byte
{
    /// <summary>For whoever looks for a fault; client mistakes are never above this.</summary>
    Debug,

    /// <summary>Something an operator wants to have happened.</summary>
    Info,

    /// <summary>Works, but not as it should.</summary>
    Warn,

    /// <summary>Something does not work.</summary>
    Error,

    /// <summary>Nothing is written.</summary>
    Off,
}

/// <summary>Names of the levels.</summary>
internal static class LogLevels
{
    public static string Name(LogLevel level) => level switch
    {
        LogLevel.Debug => "debug",
        LogLevel.Info => "info",
        LogLevel.Warn => "warn",
        LogLevel.Error => "error",
        _ => "off",
    };

    public static LogLevel? Parse(string name) => name switch
    {
        "debug" => LogLevel.Debug,
        "info" => LogLevel.Info,
        "warn" => LogLevel.Warn,
        "error" => LogLevel.Error,
        "off" => LogLevel.Off,
        _ => null,
    };
}
