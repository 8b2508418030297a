namespace Banyan.Wire.Http1;

/// <summary>IPv6address of RFC 3986 §3.2.2: eight groups, one "::" for one group or more, an IPv4 tail; no zone.</summary>
internal static class IPv6Syntax
{
    private const int Groups = 8;

    public static bool IsAddress(ReadOnlySpan<byte> text)
    {
        var groups = 0;
        var compressed = text.StartsWith("::"u8);
        text = compressed ? text[2..] : text;
        while (text.Length > 0)
        {
            var colon = text.IndexOf((byte)':');
            if (colon < 0)
            {
                if (!IsLast(text, ref groups))
                {
                    return false;
                }

                break;
            }

            if (!IsGroup(text[..colon]))
            {
                return false;
            }

            groups++;
            text = text[(colon + 1)..];
            if (text.Length == 0)
            {
                return false;
            }

            if (text[0] == ':')
            {
                if (compressed)
                {
                    return false;
                }

                compressed = true;
                text = text[1..];
            }
        }

        if (compressed && groups >= Groups)
        {
            return false;
        }

        if (!compressed && groups != Groups)
        {
            return false;
        }

        return true;
    }

    private static bool IsLast(ReadOnlySpan<byte> text, ref int groups)
    {
        var dotted = text.Contains((byte)'.');
        groups += dotted ? 2 : 1;
        return dotted ? IsIPv4(text) : IsGroup(text);
    }

    private static bool IsGroup(ReadOnlySpan<byte> group)
    {
        if (group.Length == 0 || group.Length > 4)
        {
            return false;
        }

        foreach (var digit in group)
        {
            if (!char.IsAsciiHexDigit((char)digit))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsIPv4(ReadOnlySpan<byte> text)
    {
        for (var part = 1; part <= 4; part++)
        {
            var dot = text.IndexOf((byte)'.');
            if (part < 4 && dot < 0)
            {
                return false;
            }

            if (!IsOctet(part < 4 ? text[..dot] : text))
            {
                return false;
            }

            text = text[(dot + 1)..];
        }

        return true;
    }

    private static bool IsOctet(ReadOnlySpan<byte> digits)
    {
        var value = 0;
        if (digits.Length == 0 || digits.Length > 3)
        {
            return false;
        }

        if (digits.Length > 1 && digits[0] == '0')
        {
            return false;
        }

        foreach (var digit in digits)
        {
            if (!char.IsAsciiDigit((char)digit))
            {
                return false;
            }

            value = (value * 10) + (digit - '0');
        }

        if (value > byte.MaxValue)
        {
            return false;
        }

        return true;
    }
}
