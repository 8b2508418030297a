namespace Banyan.Rules.Tokens;

/// <summary>A claim that policies ask for.</summary>
/// <param name="Payload">Key of the payload in the metadata: that of the issuers whose tokens count.</param>
/// <param name="Names">Name of the claim; before it those of the objects that it stands in.</param>
public sealed record ClaimPath(string Payload, IReadOnlyList<string> Names)
{
    /// <inheritdoc/>
    public bool Equals(ClaimPath? other) => other is not null && Payload == other.Payload && Names.SequenceEqual(other.Names, StringComparer.Ordinal);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Payload, Names[^1]);
}

/// <summary>The value of a claim, as far as it is texts: numbers and truth values as JSON writes them.</summary>
/// <param name="Slot">Which claim: its place among those that the policies ask for.</param>
/// <param name="IsList">It is a list, of which these are the parts.</param>
/// <param name="Texts">One, or those of the list; UTF-8.</param>
public readonly record struct ClaimValue(int Slot, bool IsList, byte[][] Texts);

/// <summary>What of a verified token is kept: the claims that policies ask for. Immutable.</summary>
public sealed class TokenClaims
{
    private readonly ClaimValue[] _values;

    /// <summary>Keeps the values.</summary>
    public TokenClaims(ClaimValue[] values)
    {
        _values = values;
        Size = 64 + values.Sum(static value => 48 + value.Texts.Sum(static text => 32 + text.Length));
    }

    /// <summary>No claim.</summary>
    public static TokenClaims None { get; } = new([]);

    /// <summary>The values, in no order.</summary>
    public ReadOnlySpan<ClaimValue> Values => _values;

    /// <summary>Bytes that it takes, about.</summary>
    public int Size { get; }
}
