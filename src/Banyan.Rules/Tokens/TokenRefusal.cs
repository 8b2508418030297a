namespace Banyan.Rules.Tokens;

/// <summary>Why a token is not taken. Labels: <see cref="TokenRefusals"/>.</summary>
public enum TokenRefusal : byte
{
    /// <summary>It is.</summary>
    None,

    /// <summary>There is none, where one is required.</summary>
    Missing,

    /// <summary>The field comes more than once: which token is meant is anybody's guess.</summary>
    Several,

    /// <summary>It is longer than <see cref="TokenLimits.Token"/>.</summary>
    TooLong,

    /// <summary>It is not three parts in base64url, of which the first two are JSON objects.</summary>
    Malformed,

    /// <summary>A name stands twice in an object: readers differ in which of them counts.</summary>
    DuplicateName,

    /// <summary>Its header asks for an extension (<c>crit</c>, RFC 7515 §4.1.11); none is known here.</summary>
    Critical,

    /// <summary>It is not signed, or with a secret that both sides share, or in a way that is not known here.</summary>
    Algorithm,

    /// <summary>Its header does not say which key signed it.</summary>
    NoKeyId,

    /// <summary>Its issuer is none that is accepted here.</summary>
    Issuer,

    /// <summary>It is meant for somebody else.</summary>
    Audience,

    /// <summary>It does not say when it ends.</summary>
    NoExpiry,

    /// <summary>It has ended.</summary>
    Expired,

    /// <summary>It begins later.</summary>
    NotYetValid,

    /// <summary>The issuer has no key of that name.</summary>
    UnknownKey,

    /// <summary>The key is not for that algorithm.</summary>
    KeyMismatch,

    /// <summary>The signature is not that of the key.</summary>
    Signature,
}

/// <summary>How reasons are written.</summary>
public static class TokenRefusals
{
    private static readonly string[] Labels =
    [
        "", "missing", "several", "too-long", "malformed", "duplicate-name", "critical", "algorithm", "no-key-id", "issuer", "audience",
        "no-expiry", "expired", "not-yet-valid", "unknown-key", "key-mismatch", "signature",
    ];

    /// <summary>Number of members of <see cref="TokenRefusal"/>.</summary>
    public const int Count = (int)TokenRefusal.Signature + 1;

    /// <summary>In metrics, logs and answers.</summary>
    public static string Label(this TokenRefusal refusal) => Labels[(int)refusal];
}
