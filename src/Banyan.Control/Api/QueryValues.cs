using System.Globalization;
using Banyan.Model;
using Banyan.Model.Text;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>Reads parameters of an address; what cannot be read is refused with the parameter's name.</summary>
internal static class QueryValues
{
    /// <summary>true, 1, false, 0, or absent, which is false.</summary>
    /// <exception cref="BadParameterException">It is something else.</exception>
    public static bool Flag(HttpContext context, string parameter) =>
        context.Request.Query[parameter].ToString() switch
        {
            "true" or "1" => true,
            "" or "false" or "0" => false,
            _ => throw new BadParameterException(parameter, "is true or false"),
        };

    /// <summary>A whole number in a range; null when it is absent.</summary>
    /// <exception cref="BadParameterException">It is something else.</exception>
    public static long? Number(HttpContext context, string parameter, long least, long most)
    {
        var text = context.Request.Query[parameter].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most
                ? number
                : throw new BadParameterException(parameter, most == long.MaxValue
                    ? $"is a number from {least}"
                    : $"is a number from {least} to {most}");
    }

    /// <summary>How far back <c>since</c> reaches; a day when it is absent.</summary>
    /// <exception cref="BadParameterException">It is no duration, or above 30 days.</exception>
    public static TimeSpan Since(HttpContext context)
    {
        var text = context.Request.Query["since"].ToString();
        if (text.Length == 0)
        {
            return TimeSpan.FromHours(24);
        }

        return DurationText.TryParse(text, out var period) && period > TimeSpan.Zero && period <= TimeSpan.FromDays(30)
            ? period
            : throw new BadParameterException(
                "since", $"\"{text}\" is not a duration such as 30m or 24h, up to 720h");
    }

    /// <summary>A text; null when it is absent or empty.</summary>
    public static string? Text(HttpContext context, string parameter) =>
        context.Request.Query[parameter].ToString() is { Length: > 0 } text ? text : null;

    /// <summary>The kind that <c>kind</c> names; null when it is absent.</summary>
    /// <exception cref="BadParameterException">There is no such kind.</exception>
    public static string? Kind(HttpContext context) => Text(context, "kind") is not { } name
        ? null
        : KindInfo.Find(name)?.Kind ?? throw new BadParameterException("kind", $"\"{name}\" is no kind");
}

/// <summary>A parameter of the address cannot be read.</summary>
/// <param name="parameter">Its name.</param>
/// <param name="message">What it should be.</param>
internal sealed class BadParameterException(string parameter, string message) : Exception($"{parameter} {message}")
{
    /// <summary>Where the mistake is.</summary>
    public Problem Problem { get; } = new("", 0, 0, parameter, message);
}
