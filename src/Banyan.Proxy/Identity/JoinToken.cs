using System.Buffers.Text;
using System.Security.Cryptography;
using Banyan.Proxy.Tls;

namespace Banyan.Proxy.Identity;

/// <summary>What a proxy joins with: <c>bj1.ID.SECRET.CA</c>, where CA is the hash of the root's public key.</summary>
/// <param name="Text">All of it: a secret, never logged.</param>
/// <param name="Authority">SHA-256 of the root's SubjectPublicKeyInfo.</param>
internal sealed record JoinToken(string Text, byte[] Authority)
{
    private const string Version = "bj1";

    /// <summary>One has 127 characters.</summary>
    private const int MostCharacters = 256;

    /// <summary>Reads the file; null, with the reason, when it holds no token.</summary>
    /// <exception cref="IdentityException">Others can read it.</exception>
    public static JoinToken? Read(string path, out string problem)
    {
        try
        {
            if (!FileOwner.IsOursAlone(path, out problem))
            {
                throw new IdentityException(problem);
            }

            var token = Parse(File.ReadAllText(path).Trim());
            problem = token is null ? $"{path} holds no join token (banyan token create --workload NAMESPACE/NAME)" : "";
            return token;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problem = error.Message;
            return null;
        }
    }

    /// <summary>Reads a token's text; null when it is none.</summary>
    public static JoinToken? Parse(string text) =>
        text.Length <= MostCharacters && text.Split('.') is [Version, { Length: > 0 }, { Length: > 0 }, var authority]
            && Base64Url.IsValid(authority) && Base64Url.DecodeFromChars(authority) is { Length: SHA256.HashSizeInBytes } hash
            ? new JoinToken(text, hash)
            : null;

    /// <summary>Whether this anchor (DER) is the one that the token names.</summary>
    /// <exception cref="TlsException">It is no certificate.</exception>
    public bool Names(byte[] anchor)
    {
        var certificate = Certificate.Parse(anchor, "an anchor");
        try
        {
            return SHA256.HashData(Certificate.PublicKey(certificate)).AsSpan().SequenceEqual(Authority);
        }
        finally
        {
            OpenSsl.X509_free(certificate);
        }
    }

    /// <summary>Nothing of the secret.</summary>
    public override string ToString() => "a join token";
}
