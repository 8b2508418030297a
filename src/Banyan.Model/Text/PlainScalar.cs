namespace Banyan.Model.Text;

/// <summary>What a scalar without quotes means (YAML 1.2 core schema, without octal and hexadecimal numbers).</summary>
internal static class PlainScalar
{
    public static ScalarKind KindOf(string text)
    {
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return ScalarKind.Null;
            case "true" or "True" or "TRUE" or "false" or "False" or "FALSE":
                return ScalarKind.Boolean;
            case ".inf" or ".Inf" or ".INF" or "-.inf" or "-.Inf" or "-.INF" or ".nan" or ".NaN" or ".NAN":
                return ScalarKind.Float;
            default:
                return NumberKind(text);
        }
    }

    /// <summary>Words that a YAML 1.1 reader takes for a boolean: written with quotes to be safe everywhere.</summary>
    public static bool IsOldBoolean(string text) =>
        text.ToLowerInvariant() is "y" or "n" or "yes" or "no" or "on" or "off";

    private static ScalarKind NumberKind(ReadOnlySpan<char> text)
    {
        var rest = text[0] is '+' or '-' ? text[1..] : text;
        var whole = Digits(rest);
        if (whole > 0 && whole == rest.Length)
        {
            return ScalarKind.Integer;
        }

        var position = whole;
        var digits = whole;
        if (position < rest.Length && rest[position] == '.')
        {
            var fraction = Digits(rest[(position + 1)..]);
            digits += fraction;
            position += 1 + fraction;
        }

        if (digits == 0)
        {
            return ScalarKind.Text;
        }

        if (position < rest.Length && rest[position] is 'e' or 'E')
        {
            position++;
            if (position < rest.Length && rest[position] is '+' or '-')
            {
                position++;
            }

            var exponent = Digits(rest[position..]);
            position = exponent == 0 ? -1 : position + exponent;
        }

        return position == rest.Length ? ScalarKind.Float : ScalarKind.Text;
    }

    private static int Digits(ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAnyExceptInRange('0', '9');
        return end < 0 ? text.Length : end;
    }
}
