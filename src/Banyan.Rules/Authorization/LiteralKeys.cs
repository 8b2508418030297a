using Banyan.Rules.Matching;

namespace Banyan.Rules.Authorization;

/// <summary>A text, or what a text begins with, without which a condition cannot be true.</summary>
internal readonly record struct LiteralKey(byte[] Literal, bool IsPrefix);

/// <summary>Finds what a condition needs, so that policies can be looked up instead of being tried one after the other.</summary>
internal static class LiteralKeys
{
    /// <summary>More keys than this are not worth as many entries.</summary>
    private const int Most = 64;

    /// <summary>Identities of which the caller must have one; null when others may do.</summary>
    public static List<LiteralKey>? OfIdentity(Condition condition) =>
        Of(condition, static leaf => leaf is IdentityCondition { Pattern: { } pattern } ? KeyOf(pattern) : null);

    /// <summary>Paths of which the request must have one; null when others may do.</summary>
    public static List<LiteralKey>? OfPath(Condition condition) =>
        Of(condition, static leaf => leaf is PathCondition { Pattern: var pattern } ? KeyOf(pattern) : null);

    private static List<LiteralKey>? Of(Condition condition, Func<Condition, LiteralKey?> read)
    {
        switch (condition)
        {
            case All all:
                // Any part that needs one will do; the fewest keys are the best.
                return all.Parts.Select(part => Of(part, read)).Where(keys => keys is not null).MinBy(keys => keys!.Count);
            case AnyOf any:
                List<LiteralKey> together = [];
                foreach (var part in any.Parts)
                {
                    if (Of(part, read) is not { } keys || together.Count + keys.Count > Most)
                    {
                        return null;
                    }

                    together.AddRange(keys);
                }

                return together;
            default:
                return read(condition) is { } key ? [key] : null;
        }
    }

    private static LiteralKey? KeyOf(StringPattern pattern) => pattern switch
    {
        { IgnoreCase: true } => null,
        { Kind: StringPatternKind.Exact } => new LiteralKey(pattern.Literal, IsPrefix: false),
        { Kind: StringPatternKind.Prefix } => new LiteralKey(pattern.Literal, IsPrefix: true),
        _ => null,
    };
}
