using Banyan.Wire.RegularExpressions;

namespace Banyan.Rules.Matching;

internal enum StringPatternKind : byte
{
    Exact,
    Prefix,
    Suffix,
    Contains,
    Regex,
}

/// <summary>How a header or query value is compared (envoy.type.matcher.v3.StringMatcher).</summary>
internal sealed class StringPattern
{
    public required StringPatternKind Kind { get; init; }

    public byte[] Literal { get; init; } = [];

    /// <summary>Ignore ASCII case; the literal is lower-case then. Regular expressions say <c>(?i)</c> themselves.</summary>
    public bool IgnoreCase { get; init; }

    public LinearRegex? Regex { get; init; }

    public bool Matches(ReadOnlySpan<byte> value) => Kind switch
    {
        StringPatternKind.Exact => IgnoreCase ? AsciiText.EqualsIgnoreCase(value, Literal) : value.SequenceEqual(Literal),
        StringPatternKind.Prefix => IgnoreCase ? AsciiText.StartsWithIgnoreCase(value, Literal) : value.StartsWith(Literal),
        StringPatternKind.Suffix => IgnoreCase ? AsciiText.EndsWithIgnoreCase(value, Literal) : value.EndsWith(Literal),
        StringPatternKind.Contains => IgnoreCase ? ContainsIgnoreCase(value) : value.IndexOf(Literal) >= 0,
        _ => Regex!.IsFullMatch(value),
    };

    private bool ContainsIgnoreCase(ReadOnlySpan<byte> value)
    {
        var first = Literal[0];
        var upper = first is >= (byte)'a' and <= (byte)'z' ? (byte)(first & ~0x20) : first;
        while (value.Length >= Literal.Length)
        {
            var at = value.IndexOfAny(first, upper);
            if (at < 0 || value.Length - at < Literal.Length)
            {
                return false;
            }

            if (AsciiText.EqualsIgnoreCase(value.Slice(at, Literal.Length), Literal))
            {
                return true;
            }

            value = value[(at + 1)..];
        }

        return false;
    }
}
