namespace Banyan.Control.Identity;

/// <summary>A certificate that was issued, as it is recorded. Times are in UTC, ISO 8601. Immutable.</summary>
internal sealed record Issuance
{
    /// <summary>Hexadecimal digits in lower case; names it.</summary>
    public string Serial { get; init; } = "";

    /// <summary>The SPIFFE ID.</summary>
    public string Identity { get; init; } = "";

    public string IssuedAt { get; init; } = "";

    public string NotBefore { get; init; } = "";

    public string NotAfter { get; init; } = "";

    /// <summary>The serial of the issuing certificate.</summary>
    public string Issuer { get; init; } = "";

    /// <summary>token, certificate, or control (the control plane's own).</summary>
    public string Proof { get; init; } = "";

    /// <summary>The token's id, or the serial of the certificate that was the proof; empty for none.</summary>
    public string ProofId { get; init; } = "";

    /// <summary>When it was denied; null while it counts.</summary>
    public string? DeniedAt { get; init; }

    public const string ByToken = "token";

    public const string ByCertificate = "certificate";

    public const string ByControl = "control";
}

/// <summary>What became of the record of a certificate. Only one that is recorded is given out.</summary>
internal enum RecordOutcome
{
    /// <summary>It is safe in the database, and its token used up.</summary>
    Recorded,

    /// <summary>Somebody was first with the token.</summary>
    TokenUsed,

    /// <summary>The certificate that was the proof has been denied.</summary>
    ProofDenied,
}
