using Banyan.Proxy.Http;
using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy.Record;

/// <summary>What a relayed connection is counted under.</summary>
/// <param name="Direction">Which side of the hop this proxy sees.</param>
/// <param name="Destination">Interned destination (<see cref="EdgeLabels"/>); 0 = not known.</param>
/// <param name="Workload">Interned workload that was connected to; 0 = none.</param>
internal readonly record struct TcpKey(EdgeDirection Direction, int Destination, int Workload)
{
    /// <summary>The key that all label sets beyond the limit share.</summary>
    public static TcpKey Other { get; } = new(EdgeDirection.Client, 1, 1);

    /// <summary>The key of a connection that is being opened.</summary>
    public static TcpKey Of(Exchange x)
    {
        var destination = x.Target?.EdgeLabel ?? 0;
        return x.Listener.Role == ListenerRole.Inbound
            ? new TcpKey(EdgeDirection.Server, destination, x.Listener.EdgeLabel)
            : new TcpKey(EdgeDirection.Client, destination, x.Endpoint?.Config.EdgeLabel ?? 0);
    }
}
