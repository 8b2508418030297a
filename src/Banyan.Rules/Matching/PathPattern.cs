using Banyan.Wire.RegularExpressions;

namespace Banyan.Rules.Matching;

internal enum PathPatternKind : byte
{
    Exact,
    Prefix,

    /// <summary>The literal, or the literal followed by '/' and anything.</summary>
    SegmentPrefix,
    Regex,
}

/// <summary>How a path is compared.</summary>
internal sealed class PathPattern
{
    public required PathPatternKind Kind { get; init; }

    public byte[] Literal { get; init; } = [];

    public bool IgnoreCase { get; init; }

    public LinearRegex? Regex { get; init; }

    public bool Matches(ReadOnlySpan<byte> path) => Kind switch
    {
        PathPatternKind.Exact => IgnoreCase ? AsciiText.EqualsIgnoreCase(path, Literal) : path.SequenceEqual(Literal),
        PathPatternKind.Prefix => StartsWithLiteral(path),
        PathPatternKind.SegmentPrefix => StartsWithLiteral(path) && (path.Length == Literal.Length || path[Literal.Length] == (byte)'/'),
        _ => Regex!.IsFullMatch(path),
    };

    private bool StartsWithLiteral(ReadOnlySpan<byte> path) =>
        IgnoreCase ? AsciiText.StartsWithIgnoreCase(path, Literal) : path.StartsWith(Literal);
}
