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
            if (lines[i].NameLength == wanted.Name.Length && Ascii.EqualsIgnoreCase(lines[i].Name(bytes), wanted.Name))
            {
                if (found >= 0)
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

        // The parser has taken the space away behind a scheme without anything.
        var token = lines[found].Value(bytes);
        if (Ascii.EqualsIgnoreCase(token, wanted.Prefix.AsSpan().TrimEnd((byte)' ')) && wanted.Prefix.Length > 0)
        {
            return Verify(x.Worker, table, field, default);
        }

        // Another scheme is no token (RFC 9110 §11.1: its name has no letter case).
        if (token.Length < wanted.Prefix.Length || !Ascii.EqualsIgnoreCase(token[..wanted.Prefix.Length], wanted.Prefix))
        {
            return null;
        }

        return Verify(x.Worker, table, field, token[wanted.Prefix.Length..].TrimStart((byte)' '));
    }

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
