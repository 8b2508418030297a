using Banyan.Control.Identity;

namespace Banyan.Control.Store.Persistence;

/// <summary>What the certificate authority keeps: tokens that let somebody join, and what was issued.</summary>
/// <remarks>
/// As <see cref="IDatabase"/>: on the writer's thread, with its exceptions. Several replicas may use it.
/// </remarks>
internal interface IIdentityDatabase
{
    /// <summary>
    /// Keeps a join token, and forgets those whose time has long been up; false when there are too many.
    /// </summary>
    bool AddJoinToken(JoinToken token, AuditRow audit);

    /// <summary>The join token of an id; null when there is none.</summary>
    JoinToken? JoinToken(string id);

    /// <summary>
    /// Records certificates that were issued, each with the use of its token: in order, each whole or not at all.
    /// </summary>
    /// <returns>What became of each, in the same order.</returns>
    IReadOnlyList<RecordOutcome> Record(IReadOnlyList<Issuance> issued);

    /// <summary>Denies a certificate: it proves nothing any more. Null when there is no such serial.</summary>
    Issuance? Deny(string serial, DateTimeOffset at, AuditRow audit);

    /// <summary>The serials of certificates that are denied and have not expired by then.</summary>
    IReadOnlyList<string> Denied(DateTimeOffset at);

    /// <summary>Certificates that were issued, the newest first.</summary>
    /// <param name="identity">Only of this SPIFFE ID; null = of all.</param>
    /// <param name="serial">Only the one of this serial; null = all.</param>
    /// <param name="limit">At most so many.</param>
    IReadOnlyList<Issuance> Issued(string? identity, string? serial, int limit);

    /// <summary>How many certificates are valid at a time, by identity.</summary>
    IReadOnlyList<IdentityCount> Identities(DateTimeOffset at);

    /// <summary>
    /// The certificates that were issued before a time and are valid at another; not the control plane's own.
    /// </summary>
    IReadOnlyList<HeldCertificate> GivenOutBefore(DateTimeOffset since, DateTimeOffset at);

    /// <summary>
    /// Makes a root the one of all who share the database, if there is none yet. Whether it is that one then.
    /// </summary>
    bool ClaimRoot(string hash);
}

/// <summary>The certificates of an identity.</summary>
internal sealed record IdentityCount
{
    /// <summary>The SPIFFE ID.</summary>
    public string Identity { get; init; } = "";

    /// <summary>How many are valid, the denied ones left out.</summary>
    public long Valid { get; init; }

    /// <summary>When the last one ends, in UTC, ISO 8601.</summary>
    public string NotAfter { get; init; } = "";
}

/// <summary>A certificate that somebody may hold.</summary>
internal sealed record HeldCertificate
{
    /// <summary>Names it.</summary>
    public string Serial { get; init; } = "";

    /// <summary>The SPIFFE ID.</summary>
    public string Identity { get; init; } = "";

    /// <summary>Its end, in UTC, ISO 8601.</summary>
    public string NotAfter { get; init; } = "";

    /// <summary>1 where it was the proof for a newer one, else 0.</summary>
    public long Renewed { get; init; }

    /// <summary>Whether it was the proof for a newer one.</summary>
    public bool IsRenewed => Renewed != 0;
}
