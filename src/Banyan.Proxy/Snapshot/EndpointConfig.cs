using System.Net;
using Banyan.Proxy.Record;

namespace Banyan.Proxy.Snapshot;

/// <summary>One address of a cluster. Immutable; the same object from snapshot to snapshot while nothing about it changes.</summary>
public sealed class EndpointConfig
{
    private static long _last;

    private int _edgeLabel;

    /// <summary>Small integer of (cluster, address), unique in the process and the same in every snapshot. Given to another
    /// endpoint only after this one has been gone for <see cref="SlotTable.Quarantine"/>.</summary>
    public required int Slot { get; init; }

    /// <summary>Where to connect to.</summary>
    public required IPEndPoint Address { get; init; }

    /// <summary>The address is the inbound listener of another proxy.</summary>
    public bool Meshed { get; init; }

    /// <summary>That listener terminates mTLS: nothing is sent to it in plaintext.</summary>
    public bool Mtls { get; init; }

    /// <summary>SPIFFE IDs of which an endpoint with <see cref="Mtls"/> must have one; empty: it is not called.</summary>
    public string[] Identities { get; init; } = [];

    /// <summary>Workload behind the address; empty when not told.</summary>
    public string Workload { get; init; } = "";

    /// <summary>Version of that workload; empty when it has none.</summary>
    public string Version { get; init; } = "";

    /// <summary>Share of the traffic relative to the cluster's other endpoints, at least 1.</summary>
    public uint Weight { get; init; } = 1;

    /// <summary>Keeps what is in flight, gets no new requests.</summary>
    public bool Draining { get; init; }

    /// <summary>It is probed where its cluster has a health check.</summary>
    public bool IsChecked { get; init; } = true;

    /// <summary>Port that is probed instead of the address's own; 0 = its own.</summary>
    public int HealthPort { get; init; }

    /// <summary>Rises: what is known of one endpoint later has the larger number.</summary>
    internal long Revision { get; } = Interlocked.Increment(ref _last);

    /// <summary>Connections to the one are as good as connections to the other: as secured, to the same peers.</summary>
    internal bool IsSecuredAs(EndpointConfig other) => ReferenceEquals(this, other)
        || (Mtls == other.Mtls && Identities.AsSpan().SequenceEqual(other.Identities));

    /// <summary>Interned (workload, version) for <see cref="EdgeKey"/>.</summary>
    internal int EdgeLabel => _edgeLabel != 0 ? _edgeLabel : _edgeLabel = EdgeLabels.Workload(Workload, Version);
}
