using Banyan.Proxy.Http;

namespace Banyan.Proxy.Record;

/// <summary>What was found on connections to a port whose protocol nobody declared, in one reactor.</summary>
/// <remarks>One writer (its reactor). Others read without a lock.</remarks>
internal sealed class UndeclaredPort(int destination)
{
    private readonly long[] _counts = new long[(int)DetectedProtocol.Other + 1];

    /// <summary>Interned destination (<see cref="EdgeLabels"/>).</summary>
    public int Destination => destination;

    /// <summary>Connections on which that was found; <see cref="DetectedProtocol.Incomplete"/>: the client was silent.</summary>
    public long Count(DetectedProtocol protocol) => Volatile.Read(ref _counts[(int)protocol]);

    /// <summary>Counts a connection.</summary>
    public void Found(DetectedProtocol protocol) => _counts[(int)protocol]++;
}
