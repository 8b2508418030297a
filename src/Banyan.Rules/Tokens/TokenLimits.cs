namespace Banyan.Rules.Tokens;

/// <summary>What tokens and keys may come to at most; more is refused, so that neither callers nor issuers can exhaust a sidecar.</summary>
public static class TokenLimits
{
    /// <summary>Bytes of a token.</summary>
    public const int Token = 16 * 1024;

    /// <summary>Bytes of a key set.</summary>
    public const int KeySet = 256 * 1024;

    /// <summary>Keys of a set.</summary>
    public const int Keys = 100;

    /// <summary>Objects and lists one inside the other.</summary>
    public const int Depth = 16;

    /// <summary>Issuers, with their audiences and keys, of one listener.</summary>
    public const int Providers = 64;

    /// <summary>Header fields of one listener in which tokens are looked for.</summary>
    public const int Fields = 8;

    /// <summary>Names of a claim and of the objects around it.</summary>
    public const int ClaimDepth = 8;

    /// <summary>Seconds by which the clocks of issuer and sidecar may differ, unless the configuration says otherwise.</summary>
    public const uint ClockSkew = 60;
}
