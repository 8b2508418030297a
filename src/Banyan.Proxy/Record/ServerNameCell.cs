namespace Banyan.Proxy.Record;

/// <summary>What was decided by server name on connections to one destination, in one reactor.</summary>
/// <remarks>One writer (its reactor). Others read without a lock.</remarks>
internal sealed class ServerNameCell(int destination)
{
    private readonly long[] _counts = new long[(int)ServerNameDecision.NotTls + 1];

    /// <summary>Interned destination (<see cref="EdgeLabels"/>).</summary>
    public int Destination => destination;

    /// <summary>Connections with that decision.</summary>
    public long Count(ServerNameDecision decision) => Volatile.Read(ref _counts[(int)decision]);

    /// <summary>Counts a connection.</summary>
    public void Found(ServerNameDecision decision) => _counts[(int)decision]++;
}
