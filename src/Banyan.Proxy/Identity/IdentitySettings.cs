namespace Banyan.Proxy.Identity;

/// <summary>Which identity a proxy wants, and what it has to get it.</summary>
internal sealed record IdentitySettings
{
    /// <summary>Namespace of the workload.</summary>
    public required string Namespace { get; init; }

    /// <summary>Service account of the workload.</summary>
    public required string ServiceAccount { get; init; }

    /// <summary>File with the join token; null without one.</summary>
    public string? TokenFile { get; init; }

    /// <summary>Where the identity is kept; null: in memory alone.</summary>
    public string? Folder { get; init; }

    /// <summary>The SPIFFE ID in a trust domain.</summary>
    public string IdIn(string trustDomain) => $"spiffe://{trustDomain}/ns/{Namespace}/sa/{ServiceAccount}";
}
