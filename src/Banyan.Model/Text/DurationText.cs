using System.Text;

namespace Banyan.Model.Text;

/// <summary>Durations as Go and the Gateway API write them: <c>1h30m</c>, <c>250ms</c>, <c>1.5s</c>.</summary>
public static class DurationText
{
    private static readonly (string Unit, decimal Ticks)[] Units =
    [
        ("ns", 0.01m),
        ("us", 10m),
        ("\u00b5s", 10m),
        ("ms", TimeSpan.TicksPerMillisecond),
        ("s", TimeSpan.TicksPerSecond),
        ("m", TimeSpan.TicksPerMinute),
        ("h", TimeSpan.TicksPerHour),
    ];

    /// <summary>Go's form without a sign.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        if (text is "0")
        {
            return true;
        }

        if (text.IsEmpty || text.Length > 64)
        {
            return false;
        }

        var ticks = 0m;
        while (!text.IsEmpty)
        {
            var end = text.IndexOfAnyExcept("0123456789.");
            if (end is < 1 or > 18
                || !decimal.TryParse(text[..end], System.Globalization.NumberStyles.AllowDecimalPoint, null, out var number))
            {
                return false;
            }

            text = text[end..];
            end = text.IndexOfAny("0123456789.");
            if (!TryUnit(end < 0 ? text : text[..end], out var unit))
            {
                return false;
            }

            ticks += number * unit;
            text = end < 0 ? default : text[end..];
        }

        if (ticks > TimeSpan.MaxValue.Ticks)
        {
            return false;
        }

        value = TimeSpan.FromTicks((long)ticks);
        return true;
    }

    /// <summary>The Gateway API's narrower form: <c>^([0-9]{1,5}(h|m|s|ms)){1,4}$</c>.</summary>
    public static bool IsGatewayForm(ReadOnlySpan<char> text)
    {
        for (var parts = 0; parts < 4; parts++)
        {
            var digits = text.IndexOfAnyExceptInRange('0', '9');
            if (digits is < 1 or > 5)
            {
                return false;
            }

            text = text[digits..];
            if (text.StartsWith("ms"))
            {
                text = text[2..];
            }
            else if (text[0] is 'h' or 'm' or 's')
            {
                text = text[1..];
            }
            else
            {
                return false;
            }

            if (text.IsEmpty)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The shortest usual form; <see cref="TryParse"/> reads it back exactly.</summary>
    public static string Format(TimeSpan value)
    {
        if (value == TimeSpan.Zero)
        {
            return "0s";
        }

        var result = new StringBuilder();
        var ticks = value.Ticks;
        Append(result, ref ticks, TimeSpan.TicksPerHour, "h");
        Append(result, ref ticks, TimeSpan.TicksPerMinute, "m");
        Append(result, ref ticks, TimeSpan.TicksPerSecond, "s");
        Append(result, ref ticks, TimeSpan.TicksPerMillisecond, "ms");
        Append(result, ref ticks, TimeSpan.TicksPerMicrosecond, "us");
        if (ticks > 0)
        {
            result.Append(ticks * 100).Append("ns");
        }

        return result.ToString();
    }

    private static void Append(StringBuilder result, ref long ticks, long unit, string name)
    {
        var number = ticks / unit;
        ticks %= unit;
        if (number > 0)
        {
            result.Append(number).Append(name);
        }
    }

    private static bool TryUnit(ReadOnlySpan<char> name, out decimal ticks)
    {
        foreach (var (unit, size) in Units)
        {
            if (name.SequenceEqual(unit))
            {
                ticks = size;
                return true;
            }
        }

        ticks = 0;
        return false;
    }
}
