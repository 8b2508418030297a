using System.Globalization;

namespace Banyan.Cli;

/// <summary>Durations as people write them: <c>20s</c>, <c>1m30s</c>, <c>500ms</c>.</summary>
internal static class Duration
{
    /// <summary>Reads a duration above zero.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        var rest = text.AsSpan();
        while (rest.Length > 0)
        {
            var digits = rest.IndexOfAnyExcept("0123456789.");
            if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            rest = rest[digits..];
            var letters = rest.IndexOfAny("0123456789.");
            var unit = letters < 0 ? rest : rest[..letters];
            rest = rest[unit.Length..];
            double? seconds = unit switch
            {
                "ms" => 0.001,
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                "d" => 86_400,
                _ => null,
            };
            if (seconds is null || number > 1_000_000)
            {
                return false;
            }

            duration += TimeSpan.FromSeconds(number * seconds.Value);
        }

        return duration > TimeSpan.Zero;
    }
}
