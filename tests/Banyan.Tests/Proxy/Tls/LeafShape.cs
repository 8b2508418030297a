using System.Security.Cryptography.X509Certificates;

namespace Banyan.Tests.Proxy.Tls;

/// <summary>Which key a certificate is for.</summary>
public enum KeyKind
{
    P256,
    P384,
    P224,
    P192,
    Rsa1024,
    Rsa2048,
    Rsa3072,
}

/// <summary>A workload's certificate, good unless something is changed.</summary>
internal sealed record LeafShape
{
    public IReadOnlyList<string> Uris { get; init; } = ["spiffe://banyan.local/ns/default/sa/web"];

    public TimeSpan From { get; init; } = TimeSpan.FromMinutes(-5);

    public TimeSpan To { get; init; } = TimeSpan.FromHours(24);

    public bool IsAuthority { get; init; }

    /// <summary>Null: no such extension.</summary>
    public X509KeyUsageFlags? Usage { get; init; } = X509KeyUsageFlags.DigitalSignature;

    /// <summary>Null: no such extension.</summary>
    public IReadOnlyList<string>? Extended { get; init; } = [TestAuthority.ServerAuth, TestAuthority.ClientAuth];

    public KeyKind Key { get; init; } = KeyKind.P256;

    /// <summary>Has a critical extension that nobody knows.</summary>
    public bool IsStrange { get; init; }

    /// <summary>Has an extension that does not hold what it should.</summary>
    public bool IsGarbled { get; init; }

    /// <summary>Signed with SHA-1.</summary>
    public bool IsSigned1 { get; init; }

    public static LeafShape For(string id) => new() { Uris = [id] };
}
