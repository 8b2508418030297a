using System.Collections.Immutable;

namespace Banyan.Model;

/// <summary>What the issuers of tokens sign with, as far as it is known. Immutable.</summary>
/// <remarks>Who compiles says which; nothing here reads a file or asks an issuer.</remarks>
public sealed record TokenKeys
{
    /// <summary>No key is known: no token is accepted.</summary>
    public static TokenKeys None { get; } = new();

    /// <summary>By <see cref="NameOf"/>.</summary>
    public ImmutableDictionary<string, TokenKeySet> Sets { get; init; } =
        ImmutableDictionary<string, TokenKeySet>.Empty;

    /// <summary>Names a source of keys: the URL, or the file of that policy.</summary>
    public static string NameOf(AuthorizationPolicy policy, PolicyTokenKeys keys) =>
        keys.Url.Length > 0 ? keys.Url : $"{policy.FullName}:{keys.File}";

    /// <summary>The set of a policy's issuer; null while nobody has looked.</summary>
    public TokenKeySet? Find(AuthorizationPolicy policy, PolicyTokenKeys keys) =>
        Sets.GetValueOrDefault(NameOf(policy, keys));
}

/// <summary>A source of keys: what it said last, and what is wrong with it now.</summary>
/// <param name="Json">The last good JWK Set; null when there was none.</param>
/// <param name="Problem">Why it could not be read the last time; empty when it could.</param>
public sealed record TokenKeySet(string? Json, string Problem);
