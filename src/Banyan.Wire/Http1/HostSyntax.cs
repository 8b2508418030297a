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
        if (!TryParseHost(authority, out hostLength))
        {
            return false;
        }

        return hostLength == authority.Length || TryParsePort(authority[hostLength..], out port);
    }

    private static bool TryParseHost(ReadOnlySpan<byte> authority, out int length)
    {
        var stop = authority.IndexOfAnyExcept(Syntax.RegisteredName);
        length = stop < 0 ? authority.Length : stop;
        if (stop == 0 && authority[0] == '[')
        {
            length = authority.IndexOf((byte)']') + 1;
            if (length == 0)
            {
                return false;
            }

            return IPv6Syntax.IsAddress(authority[1..(length - 1)]);
        }

        if (length == 0)
        {
            return false;
        }

        if (length > MaxHostBytes)
        {
            return false;
        }

        return true;
    }

    private static bool TryParsePort(ReadOnlySpan<byte> colonAndPort, out int port)
    {
        const int MaxDigits = 5;
        port = 0;
        if (colonAndPort[0] != ':')
        {
            return false;
        }

        if (colonAndPort.Length > 1 + MaxDigits)
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

        // An empty port comes out as 0 too.
        if (port == 0 || port > ushort.MaxValue)
        {
            return false;
        }

        return true;
    }
}
