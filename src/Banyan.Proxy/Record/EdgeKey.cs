using Banyan.Proxy.Snapshot;
using Banyan.Wire.Http1;

namespace Banyan.Proxy.Record;

/// <summary>Which side of a hop was observed.</summary>
public enum EdgeDirection : byte
{
    /// <summary>The proxy beside the callee.</summary>
    Server,

    /// <summary>The proxy beside the caller.</summary>
    Client,
}

/// <summary>What an exchange is counted under, packed into 128 bits. Cheap to make: a few loads and
/// shifts.</summary>
public readonly struct EdgeKey : IEquatable<EdgeKey>
{
    // High: destination, route, workload, 20 bits each. Low: direction, gRPC status + 1, method, status.
    internal readonly ulong High;
    internal readonly uint Low;
    private readonly HopPeer _hop;

    private EdgeKey(
        EdgeDirection direction, int destination, int route, int workload, RequestMethod method, int status, int grpcStatus, HopPeer hop)
    {
        _hop = hop;
        High = ((ulong)(uint)destination << 40) | ((ulong)(uint)route << 20) | (uint)workload;
        Low = ((uint)direction << 31) | ((uint)(grpcStatus + 1) << 24) | ((uint)method << 16) | (ushort)status;
    }

    /// <summary>How the hop was secured, and who was at its other end.</summary>
    internal HopPeer Hop => _hop;

    internal EdgeDirection Direction => (EdgeDirection)(Low >> 31);

    internal RequestMethod Method => (RequestMethod)((Low >> 16) & 0xff);

    internal int Status => (ushort)Low;

    /// <summary>Status of a call of gRPC, -1 for other requests and calls that ended without one.</summary>
    internal int GrpcStatus => (int)((Low >> 24) & 0x7f) - 1;

    internal int Destination => (int)(High >> 40) & 0xfffff;

    internal int Route => (int)(High >> 20) & 0xfffff;

    internal int Workload => (int)High & 0xfffff;

    /// <summary>True for a key that stands for all label sets beyond the limit.</summary>
    internal bool IsOther => Destination == EdgeLabels.Other && Route == EdgeLabels.Other && Workload == EdgeLabels.Other;

    /// <summary>Seen from the callee's proxy.</summary>
    /// <param name="listener">Inbound listener.</param>
    /// <param name="route">Index of the matched route, -1 when none matched.</param>
    /// <param name="method">Request method.</param>
    /// <param name="status">Status the caller got; 0 when it got none.</param>
    /// <param name="grpcStatus">Status of a call of gRPC; -1 when it is none, or ended without.</param>
    /// <param name="hop">Who called.</param>
    public static EdgeKey Server(
        ListenerConfig listener, int route, RequestMethod method, int status, int grpcStatus = -1, HopPeer hop = default)
    {
        var target = listener.Target;
        return target is null
            ? new EdgeKey(EdgeDirection.Server, 0, 0, listener.EdgeLabel, method, status, grpcStatus, hop)
            : new EdgeKey(EdgeDirection.Server, target.EdgeLabel, target.RouteLabel(route), listener.EdgeLabel, method, status, grpcStatus, hop);
    }

    /// <summary>Seen from the caller's proxy.</summary>
    /// <param name="target">Destination; null when the host is not known.</param>
    /// <param name="route">Index of the matched route, -1 when none matched.</param>
    /// <param name="endpoint">Endpoint that answered; null when none did.</param>
    /// <param name="method">Request method.</param>
    /// <param name="status">Status the caller got; 0 when it got none.</param>
    /// <param name="grpcStatus">Status of a call of gRPC; -1 when it is none, or ended without.</param>
    /// <param name="hop">Who was called.</param>
    public static EdgeKey Client(
        TargetConfig? target,
        int route,
        EndpointConfig? endpoint,
        RequestMethod method,
        int status,
        int grpcStatus = -1,
        HopPeer hop = default)
    {
        var workload = endpoint is null ? 0 : endpoint.EdgeLabel;
        return target is null
            ? new EdgeKey(EdgeDirection.Client, 0, 0, workload, method, status, grpcStatus, hop)
            : new EdgeKey(EdgeDirection.Client, target.EdgeLabel, target.RouteLabel(route), workload, method, status, grpcStatus, hop);
    }

    /// <summary>The key that all label sets beyond the limit share, in plaintext or secured: what folds hides no plaintext.</summary>
    internal static EdgeKey Other(EdgeDirection direction, HopPeer hop = default) =>
        new(direction, EdgeLabels.Other, EdgeLabels.Other, EdgeLabels.Other, RequestMethod.Other, 0, -1, hop.Folded);

    /// <inheritdoc/>
    public bool Equals(EdgeKey other) => High == other.High && Low == other.Low && _hop == other._hop;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is EdgeKey other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var mixed = (High ^ (((ulong)Low << 32) | Low) ^ ((ulong)_hop.Packed * 0xC2B2AE3D27D4EB4FUL)) * 0x9E3779B97F4A7C15UL;
        return (int)(mixed >> 32);
    }
}
