namespace Banyan.Wire.Http1;

/// <summary>uri-host [ ":" port ] (RFC 9110 §4.2, RFC 3986 §3.2.2), as strict as <see cref="Malformed.Host"/> says.</summary>
internal static class HostSyntax
{
    private const int MaxHostBytes = 255;

    /// <summary>Splits an authority into host and port.</summary>
    /// <param name="authority">The whole authority.</param>
    /// <param name="hostLength">Length of the host, brackets included.</param>
    /// <param name="port">The port, or -1 when there is none.</param>
    public static bool TryParse(ReadOnlySpan<byte> authority, out int hostLength, out int port)
    {
        port = -1;
        hostLength = 0;
        if (authority.Length == 0)
        {
            return false;
        }

        if (authority[0] == '[')
        {
            hostLength = authority.IndexOf((byte)']') + 1;
            if (hostLength == 0 || !IsIPv6(authority[1..(hostLength - 1)]))
            {
                return false;
            }
        }
        else
        {
            var end = authority.IndexOfAnyExcept(Syntax.RegisteredName);
            hostLength = end < 0 ? authority.Length : end;
        }

        if (hostLength is 0 or > MaxHostBytes)
        {
            return false;
        }

        return hostLength == authority.Length || TryParsePort(authority[hostLength..], out port);
    }

    private static bool TryParsePort(ReadOnlySpan<byte> colonAndPort, out int port)
    {
        port = 0;
        if (colonAndPort[0] != ':' || colonAndPort.Length is < 2 or > 6)
        {
            return false;
        }

        foreach (var digit in colonAndPort[1..])
        {
            if (!char.IsAsciiDigit((char)digit))
            {
                return false;
            }

            port = (port * 10) + (digit - '0');
        }

        return port is > 0 and <= ushort.MaxValue;
    }

    /// <summary>An IPv6 address: up to eight groups, one "::", an IPv4 tail; no zone.</summary>
    internal static bool IsIPv6(ReadOnlySpan<byte> text)
    {
        var groups = 0;
        var compressed = false;
        var position = 0;
        if (text.StartsWith("::"u8))
        {
            compressed = true;
            position = 2;
        }

        while (position < text.Length)
        {
            var rest = text[position..];
            var colon = rest.IndexOf((byte)':');
            var group = colon < 0 ? rest : rest[..colon];
            if (colon < 0 && group.Contains((byte)'.'))
            {
                groups += 2;
                return IsIPv4(group) && (compressed ? groups <= 7 : groups == 8);
            }

            if (group.Length is 0 or > 4 || !IsHex(group))
            {
                return false;
            }

            groups++;
            if (colon < 0)
            {
                break;
            }

            position += colon + 1;
            if (position == text.Length)
            {
                return false;
            }

            if (text[position] == ':')
            {
                if (compressed)
                {
                    return false;
                }

                compressed = true;
                position++;
            }
        }

        return compressed ? groups <= 7 : groups == 8;
    }

    private static bool IsHex(ReadOnlySpan<byte> group)
    {
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
        for (var part = 0; part < 4; part++)
        {
            var dot = text.IndexOf((byte)'.');
            var digits = dot < 0 ? text : text[..dot];
            if ((dot < 0) != (part == 3) || digits.Length is 0 or > 3 || (digits.Length > 1 && digits[0] == '0'))
            {
                return false;
            }

            var value = 0;
            foreach (var digit in digits)
            {
                if (!char.IsAsciiDigit((char)digit))
                {
                    return false;
                }

                value = (value * 10) + (digit - '0');
            }

            if (value > 255)
            {
                return false;
            }

            text = dot < 0 ? default : text[(dot + 1)..];
        }

        return true;
    }
}
