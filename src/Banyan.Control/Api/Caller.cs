using Banyan.Control.Hosting;
using Banyan.Control.Store;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>What a request says about who sends it and why.</summary>
internal static class Caller
{
    private const int MaxName = 200;
    private const int MaxReason = 1000;

    /// <summary>Who writes here; <c>by</c> and <c>reason</c> are taken from the address.</summary>
    public static WriteOrigin Origin(HttpContext context, string verb) => new(
        verb,
        Access.Of(context).Name ?? Text(context, "by", MaxName, "unknown"),
        ControlServer.ListenerOf(context) == Listener.Tcp ? "tcp" : "socket",
        Text(context, "reason", MaxReason, ""));

    /// <summary>A parameter's text without control characters, cut at 200 characters.</summary>
    public static string Named(HttpContext context, string parameter, string otherwise) =>
        Text(context, parameter, MaxName, otherwise);

    private static string Text(HttpContext context, string parameter, int length, string otherwise)
    {
        var value = context.Request.Query[parameter].ToString();
        value = string.Concat(value.Where(each => !char.IsControl(each)).Take(length));
        return value.Length > 0 ? value : otherwise;
    }
}
