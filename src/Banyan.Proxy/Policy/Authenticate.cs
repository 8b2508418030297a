using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Banyan.Proxy.Http;
using Banyan.Proxy.Record;
using Banyan.Rules.Tokens;

namespace Banyan.Proxy.Policy;

/// <summary>Stage "authenticate" of inbound listeners: whether the tokens that a request carries are good.</summary>
/// <remarks>A token that was seen before costs a hash and allocates nothing. Nothing of a token is ever logged.</remarks>
internal static class Authenticate
{
    /// <summary>What the name of a scheme is made of (RFC 9110 §5.6.2).</summary>
    private static readonly SearchValues<byte> SchemeBytes = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly byte[][] Challenges = [.. Enumerable.Range(0, TokenRefusals.Count).Select(Challenge)];

    /// <summary>Judges the tokens; their verdicts are for the policies.</summary>
    internal static Failure Request(Exchange x, TokenTable table, Span<TokenVerdict?> verdicts)
    {
        for (var field = 0; field < table.Fields.Count; field++)
        {
            verdicts[field] = Read(x, table, field);
        }

        var refusal = table.Judge(verdicts);
        if (refusal == TokenRefusal.None)
        {
            return Failure.None;
        }

        x.TokenRefusal = refusal;
        x.Worker.Metrics.TokenRefusals[(int)refusal]++;
        x.Worker.Denials?.Write(x, "token-refused", "", refusal.Label(), isHttp: true);
        return Failure.TokenRefused;
    }

    /// <summary>The <c>www-authenticate</c> line of an answer (RFC 6750 §3); empty where no token was refused.</summary>
    internal static ReadOnlySpan<byte> ChallengeFor(Exchange x) => Challenges[(int)x.TokenRefusal];

    private static TokenVerdict? Read(Exchange x, TokenTable table, int field)
    {
        var wanted = table.Fields[field];
        var bytes = x.RequestBytes;
        var found = -1;
        var lines = x.Request.Lines;
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].NameLength == wanted.Name.Length && LooksLike(lines[i].Name(bytes), wanted.Name))
            {
                // Servers that hand fields on as variables (CGI, WSGI) do not tell an underscore from a hyphen.
                if (found >= 0 || !Ascii.EqualsIgnoreCase(lines[i].Name(bytes), wanted.Name))
                {
                    return table.Several(field);
                }

                found = i;
            }
        }

        if (found < 0)
        {
            return null;
        }

        // Another scheme is no token (RFC 9110 §11.1: its name has no letter case). What ends the name is for the application to
        // say: whatever cannot be part of it.
        var token = lines[found].Value(bytes);
        var scheme = wanted.Prefix.AsSpan().TrimEnd((byte)' ');
        if (!scheme.IsEmpty)
        {
            if (token.Length < scheme.Length || !Ascii.EqualsIgnoreCase(token[..scheme.Length], scheme)
                || (token.Length > scheme.Length && SchemeBytes.Contains(token[scheme.Length])))
            {
                return null;
            }

            token = token[scheme.Length..].TrimStart(" \t"u8);
        }

        return Verify(x.Worker, table, field, token);
    }

    private static bool LooksLike(ReadOnlySpan<byte> name, ReadOnlySpan<byte> wanted)
    {
        for (var i = 0; i < name.Length; i++)
        {
            if (Fold(name[i]) != Fold(wanted[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static int Fold(byte letter) => letter == '_' ? '-' : letter is >= (byte)'A' and <= (byte)'Z' ? letter | 0x20 : letter;

    private static TokenVerdict Verify(Worker worker, TokenTable table, int field, ReadOnlySpan<byte> token)
    {
        var now = worker.Time.GetUtcNow().ToUnixTimeSeconds();
        if (token.Length > TokenLimits.Token)
        {
            return table.Verify(field, token, now);
        }

        Span<byte> key = stackalloc byte[TokenCache.KeyLength];
        SHA256.HashData(token, key);
        if (worker.Tokens.Find(table, field, key, now) is { } known)
        {
            return known;
        }

        worker.Count(Counter.TokensVerified);
        var verdict = table.Verify(field, token, now);
        worker.Tokens.Add(table, field, key, verdict);
        return verdict;
    }

    private static byte[] Challenge(int refusal) => (TokenRefusal)refusal switch
    {
        TokenRefusal.None => [],
        TokenRefusal.Missing => "www-authenticate: Bearer\r\n"u8.ToArray(),
        var reason => Encoding.ASCII.GetBytes(
            $"www-authenticate: Bearer error=\"invalid_token\", error_description=\"{reason.Label()}\"\r\n"),
    };
}
