using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy.Record;

/// <summary>What a hop proved of the other side: a part of the keys of metrics and reports. Made once a connection.</summary>
/// <remarks>The default value is a hop in plaintext, or none at all.</remarks>
public readonly record struct HopPeer
{
    private const uint Secured = 1u << 31;

    private HopPeer(uint packed) => Packed = packed;

    /// <summary>The hop was mutual TLS, or had to be: nothing of it went in plaintext.</summary>
    public bool IsSecured => (Packed & Secured) != 0;

    /// <summary>SPIFFE ID of the peer; empty where none was proved, <c>other</c> beyond the capacity of <see cref="EdgeLabels"/>.</summary>
    public string Identity => EdgeLabels.IdentityOf((int)(Packed & ~Secured));

    internal uint Packed { get; }

    /// <summary>The same for what is counted together with others: whether it was secured, not by whom.</summary>
    internal HopPeer Folded => IsSecured ? new HopPeer(Secured | EdgeLabels.Other) : default;

    /// <summary>A hop to or from whom a certificate has proved.</summary>
    internal static HopPeer Verified(string identity) => new(Secured | (uint)EdgeLabels.Identity(identity));

    /// <summary>A hop to an endpoint that has not come about yet.</summary>
    internal static HopPeer Before(EndpointConfig endpoint) => endpoint.Mtls ? Unproved : default;

    /// <summary>Secured, by whom is not known.</summary>
    internal static HopPeer Unproved => new(Secured);
}
