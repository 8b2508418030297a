using System.Diagnostics.CodeAnalysis;
using Banyan.Rules.Compilation;
using Banyan.Xds.Tokens;

namespace Banyan.Rules.Tokens;

/// <summary>Which tokens a listener accepts, where they stand, and what is asked of them. Immutable and thread-safe.</summary>
/// <remarks>Reading and verifying a token allocates and takes tens of microseconds: keep what <see cref="Verify"/> says of it.</remarks>
public sealed class TokenTable
{
    private readonly TokenProvider[] _providers;
    private readonly TokenRequirement[] _requirements;
    private readonly TokenVerdict[] _several;

    internal TokenTable(TokenProvider[] providers, TokenField[] fields, TokenRequirement[] requirements)
    {
        _providers = providers;
        _requirements = requirements;
        Fields = [.. fields];
        _several = [.. fields.Select((_, field) => Refused(field, TokenRefusal.Several))];
        RequiresToken = Array.Exists(requirements, static each => each.Leniency == TokenLeniency.None);
    }

    /// <summary>Header fields in which tokens stand.</summary>
    public IReadOnlyList<TokenField> Fields { get; }

    /// <summary>Whether a request without any token is refused.</summary>
    public bool RequiresToken { get; }

    /// <summary>Compiles, or says what is not supported and where (the text of a NACK).</summary>
    /// <param name="filter">The filter of xDS.</param>
    /// <param name="claims">The claims that policies ask for.</param>
    /// <param name="at">Where it stands, for the message.</param>
    /// <param name="table">The compiled table.</param>
    /// <param name="error">Empty, or one <c>field.path: message</c> for each problem, separated by "; ".</param>
    public static bool TryCompile(
        JwtAuthentication filter,
        IReadOnlyList<ClaimPath> claims,
        string at,
        [NotNullWhen(true)] out TokenTable? table,
        out string error)
    {
        var errors = new CompileErrors();
        var made = new TokenCompiler(errors, claims).Compile(filter, at);
        error = errors.ToString();
        table = errors.Any ? null : made;
        return table is not null;
    }

    /// <summary>Reads and verifies a token.</summary>
    /// <param name="field">Number of the field in which it stands.</param>
    /// <param name="token">The token alone.</param>
    /// <param name="now">Seconds since 1970.</param>
    public TokenVerdict Verify(int field, ReadOnlySpan<byte> token, long now)
    {
        using var parsed = ParsedToken.Read(token, out var refusal);
        if (parsed is null)
        {
            return Refused(field, refusal);
        }

        var byProvider = new TokenRefusal[_providers.Length];
        var until = long.MaxValue;
        List<ClaimValue> values = [];
        var isAccepted = false;
        for (var i = 0; i < _providers.Length; i++)
        {
            var provider = _providers[i];
            if (provider.Field != field)
            {
                byProvider[i] = TokenRefusal.Missing;
                continue;
            }

            byProvider[i] = provider.Judge(parsed, now, out var ends);
            if (byProvider[i] == TokenRefusal.None)
            {
                byProvider[i] = Check(provider, parsed, token);
            }

            if (byProvider[i] == TokenRefusal.None && !TryAdd(provider, parsed, values))
            {
                byProvider[i] = TokenRefusal.Malformed;
            }

            if (byProvider[i] == TokenRefusal.None)
            {
                isAccepted = true;
                until = Math.Min(until, ends);
            }
        }

        return isAccepted
            ? new TokenVerdict(byProvider, values.Count == 0 ? TokenClaims.None : new TokenClaims([.. values]), until)
            : new TokenVerdict(byProvider, TokenClaims.None, 0);
    }

    /// <summary>What several lines of a field come to: none of them counts.</summary>
    public TokenVerdict Several(int field) => _several[field];

    /// <summary>Whether the request may go on to the policies.</summary>
    /// <param name="verdicts">Of the fields, in their order; null for one that is not there, or holds no token.</param>
    public TokenRefusal Judge(ReadOnlySpan<TokenVerdict?> verdicts)
    {
        foreach (var requirement in _requirements)
        {
            if (Judge(requirement, verdicts) is var refusal && refusal != TokenRefusal.None)
            {
                return refusal;
            }
        }

        return TokenRefusal.None;
    }

    private static TokenRefusal Check(TokenProvider provider, ParsedToken token, ReadOnlySpan<byte> bytes)
    {
        if (provider.Keys.Find(token.KeyId) is not { } key)
        {
            return TokenRefusal.UnknownKey;
        }

        return !key.Fits(token.Algorithm) ? TokenRefusal.KeyMismatch
            : key.Verify(token.Algorithm, bytes[..token.SignedLength], token.Signature) ? TokenRefusal.None
            : TokenRefusal.Signature;
    }

    private static bool TryAdd(TokenProvider provider, ParsedToken token, List<ClaimValue> values)
    {
        var before = values.Count;
        try
        {
            foreach (var (slot, names) in provider.Claims)
            {
                ClaimReader.Add(token.Payload, slot, names, provider.Spaced, values);
            }

            return true;
        }
        catch (InvalidOperationException)
        {
            // A text with half of a surrogate pair.
            values.RemoveRange(before, values.Count - before);
            return false;
        }
    }

    private TokenRefusal Judge(TokenRequirement requirement, ReadOnlySpan<TokenVerdict?> verdicts)
    {
        // Of several reasons the one of the issuer that was meant.
        var reason = TokenRefusal.Missing;
        foreach (var index in requirement.Providers)
        {
            var refusal = verdicts[_providers[index].Field]?.Of(index) ?? TokenRefusal.Missing;
            if (refusal == TokenRefusal.None)
            {
                return TokenRefusal.None;
            }

            reason = reason is TokenRefusal.Missing or TokenRefusal.Issuer && refusal != TokenRefusal.Missing ? refusal : reason;
        }

        return requirement.Leniency == TokenLeniency.MissingOrFailed
            || (requirement.Leniency == TokenLeniency.Missing && reason == TokenRefusal.Missing)
            ? TokenRefusal.None
            : reason;
    }

    private TokenVerdict Refused(int field, TokenRefusal refusal) => new(
        Array.ConvertAll(_providers, each => each.Field == field ? refusal : TokenRefusal.Missing), TokenClaims.None, 0);
}

/// <summary>A header field in which a token stands.</summary>
/// <param name="Name">In lower case.</param>
/// <param name="Prefix">What stands before the token, in lower case, letter case aside; without it there is none.</param>
public sealed record TokenField(byte[] Name, byte[] Prefix);

/// <summary>What passes beside a good token.</summary>
internal enum TokenLeniency : byte
{
    None,
    Missing,
    MissingOrFailed,
}

/// <summary>One of these issuers has to accept.</summary>
internal sealed record TokenRequirement(int[] Providers, TokenLeniency Leniency);
