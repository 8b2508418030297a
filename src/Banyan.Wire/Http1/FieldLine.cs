namespace Banyan.Wire.Http1;

/// <summary>One field line of a head, as offsets into the bytes it was parsed from.</summary>
/// <remarks>
/// <see cref="LineStart"/> to <see cref="LineEnd"/> is the whole line with its CRLF, so that a run of kept lines
/// can be forwarded as one slice. The value has no leading or trailing white space.
/// </remarks>
public struct FieldLine
{
    public int LineStart;
    public int LineEnd;
    public int NameLength;
    public int ValueStart;
    public int ValueLength;
    public KnownField Known;

    /// <summary>True when a Connection option of the same head names this field: it is hop-by-hop.</summary>
    public bool ConnectionNamed;

    public readonly ReadOnlySpan<byte> Name(ReadOnlySpan<byte> bytes) => bytes.Slice(LineStart, NameLength);

    public readonly ReadOnlySpan<byte> Value(ReadOnlySpan<byte> bytes) => bytes.Slice(ValueStart, ValueLength);
}
