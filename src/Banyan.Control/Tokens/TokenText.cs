using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Banyan.Control.Tokens;

/// <summary>Makes tokens, and finds out whose they are. A token is <c>banyan_ID_SECRET</c>.</summary>
internal static class TokenText
{
    private const string Prefix = "banyan_";
    private const int IdBytes = 6;

    /// <summary>256 random bits: nothing to guess, so a plain hash without salt keeps it.</summary>
    private const int SecretBytes = 32;

    /// <summary>A new token, and the only copy of its text.</summary>
    public static (Token Token, string Text) Create(
        string name, string role, string by, DateTimeOffset now, TimeSpan? life)
    {
        var id = RandomNumberGenerator.GetHexString(2 * IdBytes, lowercase: true);
        var secret = RandomNumberGenerator.GetHexString(2 * SecretBytes, lowercase: true);
        var token = new Token
        {
            Id = id,
            Name = name,
            Role = role,
            Hash = Hash(secret),
            CreatedAt = Text(now),
            CreatedBy = by,
            ExpiresAt = life is { } time ? Text(now + time) : null,
        };
        return (token, $"{Prefix}{id}_{secret}");
    }

    /// <summary>The token that a text proves; null when it proves none, or one whose time is up.</summary>
    public static Token? Find(ImmutableDictionary<string, Token> tokens, string text, DateTimeOffset now)
    {
        var parts = text.Split('_');
        if (parts is not ["banyan", var id, var secret])
        {
            return null;
        }

        // An unknown id costs as much time as a wrong secret.
        var known = tokens.GetValueOrDefault(id);
        var isRight = CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(known?.Hash ?? new string('0', 2 * SHA256.HashSizeInBytes)),
            Encoding.ASCII.GetBytes(Hash(secret)));
        return isRight && known is not null && !HasExpired(known, now) ? known : null;
    }

    private static bool HasExpired(Token token, DateTimeOffset now) => token.ExpiresAt is { } text
        && DateTimeOffset.Parse(text, CultureInfo.InvariantCulture) <= now;

    private static string Hash(string secret) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    private static string Text(DateTimeOffset at) => at.ToUniversalTime().ToString("O");
}
