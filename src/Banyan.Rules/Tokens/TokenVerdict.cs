namespace Banyan.Rules.Tokens;

/// <summary>What a token was found to be. Immutable; holds for the table that made it, up to <see cref="Until"/>.</summary>
public sealed class TokenVerdict
{
    private readonly TokenRefusal[] _byProvider;

    internal TokenVerdict(TokenRefusal[] byProvider, TokenClaims claims, long until) =>
        (_byProvider, Claims, Until) = (byProvider, claims, until);

    /// <summary>What its issuer says, as far as policies ask for it; nothing where nobody accepts the token.</summary>
    public TokenClaims Claims { get; }

    /// <summary>Seconds since 1970 at which the verdict ends; 0 = it is for this once.</summary>
    public long Until { get; }

    internal TokenRefusal Of(int provider) => _byProvider[provider];
}
