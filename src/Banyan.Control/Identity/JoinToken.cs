using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Banyan.Control.Identity;

/// <summary>A join token as it is kept: what was given out cannot be made of it. Immutable.</summary>
internal sealed record JoinToken
{
    /// <summary>Random, base64url of 16 bytes; no secret.</summary>
    public string Id { get; init; } = "";

    /// <summary>SHA-256 of the secret, in hexadecimal digits.</summary>
    public string Hash { get; init; } = "";

    /// <summary>The namespace of the workload that may join with it.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>The name of that workload.</summary>
    public string Workload { get; init; } = "";

    /// <summary>In UTC, ISO 8601; so are the other times.</summary>
    public string CreatedAt { get; init; } = "";

    public string CreatedBy { get; init; } = "";

    public string ExpiresAt { get; init; } = "";

    /// <summary>Null until somebody has joined with it.</summary>
    public string? UsedAt { get; init; }
}

/// <summary>
/// The text of a join token: <c>bj1.ID.SECRET.CA</c>, all base64url. CA is the SHA-256 of the root's
/// SubjectPublicKeyInfo, by which who joins knows the control plane.
/// </summary>
internal sealed record JoinTokenText(string Id, string Secret, string Authority)
{
    /// <summary>Longer is none; one has 127 characters.</summary>
    public const int MostCharacters = 256;

    private const string Version = "bj1";
    private const int IdBytes = 16;
    private const int SecretBytes = 32;

    /// <summary>What is kept of the secret. 256 random bits: a plain hash without salt keeps them.</summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Secret)));

    /// <summary>A new token for a mesh whose root has this hash.</summary>
    public static JoinTokenText Create(string authority) => new(
        Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(IdBytes)),
        Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes)),
        authority);

    /// <summary>Reads a token's text; null when it is none.</summary>
    public static JoinTokenText? Parse(string text) =>
        text.Length <= MostCharacters
        && text.Split('.') is [Version, var id, var secret, var authority]
        && IsBytes(id, IdBytes) && IsBytes(secret, SecretBytes) && IsBytes(authority, SHA256.HashSizeInBytes)
            ? new JoinTokenText(id, secret, authority)
            : null;

    /// <summary>Whether the secret is that of a stored token. Takes as long for any.</summary>
    public bool Proves(JoinToken? stored) =>
        CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(stored?.Hash ?? new string('0', 2 * SHA256.HashSizeInBytes)),
            Encoding.ASCII.GetBytes(Hash))
        && stored is not null;

    /// <summary>The whole text: a secret.</summary>
    public string Reveal() => $"{Version}.{Id}.{Secret}.{Authority}";

    /// <summary>Safe to print.</summary>
    public override string ToString() => $"{Version}.{Id}";

    private static bool IsBytes(string text, int count)
    {
        Span<byte> bytes = stackalloc byte[count + 3];
        return text.Length <= (count + 3) / 3 * 4
            && Base64Url.IsValid(text)
            && Base64Url.TryDecodeFromChars(text, bytes, out var written)
            && written == count
            && !text.Any(char.IsWhiteSpace);
    }
}
