using Banyan.Proxy.Http;
using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy.Record;

/// <summary>What a relayed connection is counted under.</summary>
/// <param name="Direction">Which side of the hop this proxy sees.</param>
/// <param name="Destination">Interned destination (<see cref="EdgeLabels"/>); 0 = not known.</param>
/// <param name="Workload">Interned workload that was connected to; 0 = none.</param>
/// <param name="Hop">How the hop was secured, and who was at its other end.</param>
internal readonly record struct TcpKey(EdgeDirection Direction, int Destination, int Workload, HopPeer Hop = default)
{
    /// <summary>It stands for all label sets beyond the limit.</summary>
    public bool IsOther => Destination == EdgeLabels.Other && Workload == EdgeLabels.Other;

    /// <summary>The key that all label sets beyond the limit share, in plaintext or secured.</summary>
    public TcpKey Folded => new(EdgeDirection.Client, EdgeLabels.Other, EdgeLabels.Other, Hop.Folded);

    /// <summary>The key of a connection that is being opened.</summary>
    public static TcpKey Of(Exchange x)
    {
        var destination = x.Target?.EdgeLabel ?? 0;
        return x.Listener.Role == ListenerRole.Inbound
            ? new TcpKey(EdgeDirection.Server, destination, x.Listener.EdgeLabel, x.Client.Peer)
            : new TcpKey(EdgeDirection.Client, destination, x.Endpoint?.Config.EdgeLabel ?? 0, x.Hop);
    }
}
