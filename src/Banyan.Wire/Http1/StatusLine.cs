namespace Banyan.Wire.Http1;

/// <summary>The status line (RFC 9112 §4).</summary>
internal static class StatusLine
{
    private const int CodeStart = Versions.Length + 1;
    private const int CodeEnd = CodeStart + 3;

    public static Malformed Parse(ReadOnlySpan<byte> line, ResponseHead head)
    {
        if (line.Length < CodeEnd || line[Versions.Length] != ' ')
        {
            return Malformed.StatusLine;
        }

        var reason = Versions.Parse(line[..Versions.Length], out head.Version);
        if (reason != Malformed.None)
        {
            return reason;
        }

        var code = line[CodeStart..CodeEnd];
        if (code.ContainsAnyExceptInRange((byte)'0', (byte)'9') || code[0] == '0')
        {
            return Malformed.StatusCode;
        }

        if (line.Length > CodeEnd && line[CodeEnd] != ' ')
        {
            return Malformed.StatusLine;
        }

        head.Phase = HeadPhase.Fields;
        head.StatusCode = ((code[0] - '0') * 100) + ((code[1] - '0') * 10) + (code[2] - '0');
        head.ReasonStart = Math.Min(CodeEnd + 1, line.Length);
        head.ReasonLength = line.Length - head.ReasonStart;
        return Malformed.None;
    }
}
