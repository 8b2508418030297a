using Microsoft.Extensions.Logging;

namespace Banyan.Control.Identity;

/// <summary>Messages of the certificate authority: 2700 to 2799. None holds anything secret.</summary>
internal static partial class Log
{
    [LoggerMessage(2700, LogLevel.Information, "Certificate authority made in {Folder}: root {Root}")]
    public static partial void Created(ILogger log, string folder, string root);

    [LoggerMessage(2701, LogLevel.Information, "Certificate authority: what changed in {Folder} is in use")]
    public static partial void Reloaded(ILogger log, string folder);

    [LoggerMessage(2702, LogLevel.Error, "Certificate authority: what was in use before stays: {Problem}")]
    public static partial void NotReloaded(ILogger log, string problem);

    [LoggerMessage(2703, LogLevel.Information, "Issuing certificate renewed, valid until {Until:u}")]
    public static partial void Renewed(ILogger log, DateTimeOffset until);

    [LoggerMessage(
        2704, LogLevel.Warning,
        "The issuing certificate is valid until {Until:u} and the root's key is not here: renew it with"
        + " `banyan certs csr` and `banyan certs install`")]
    public static partial void RenewByHand(ILogger log, DateTimeOffset until);

    [LoggerMessage(2705, LogLevel.Information, "Certificate {Serial} issued to {Identity} ({Proof})")]
    public static partial void Issued(ILogger log, string serial, string identity, string proof);

    [LoggerMessage(2706, LogLevel.Warning, "No certificate issued ({Reason}): {Message}")]
    public static partial void Refused(ILogger log, string reason, string message);

    [LoggerMessage(2707, LogLevel.Error, "A request for a certificate failed")]
    public static partial void Failed(ILogger log, Exception exception);

    [LoggerMessage(2708, LogLevel.Error, "The certificate authority cannot do its work now: {Problem}")]
    public static partial void Stuck(ILogger log, string problem);
}
