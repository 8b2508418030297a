using Banyan.Proxy.Forward;

namespace Banyan.Proxy.Record;

/// <summary>Connections, bytes, failures and durations of one label set in one reactor.</summary>
/// <remarks>One writer (its reactor). Others read without a lock: every number is a whole word and only grows.</remarks>
internal sealed class TcpCell(TcpKey key)
{
    /// <summary>Number of ways in which a relay ends.</summary>
    public const int Ends = (int)PumpEnd.Idle + 1;

    private readonly long[] _closed = new long[Ends];
    private long _opened;
    private long _toDestination;
    private long _toSource;
    private long[]? _failures;

    public TcpKey Key => key;

    public long OpenedCount => Volatile.Read(ref _opened);

    /// <summary>Bytes handed to the destination.</summary>
    public long ToDestination => Volatile.Read(ref _toDestination);

    /// <summary>Bytes handed to the source.</summary>
    public long ToSource => Volatile.Read(ref _toSource);

    /// <summary>Durations of the connections that have ended.</summary>
    public DurationCounts Durations { get; } = new();

    public long ClosedCount(PumpEnd end) => Volatile.Read(ref _closed[(int)end]);

    public long FailedCount(Failure failure) => Volatile.Read(ref _failures) is { } failures ? failures[(int)failure] : 0;

    /// <summary>A connection is relayed from now on.</summary>
    public void Opened() => _opened++;

    /// <summary>Bytes were relayed.</summary>
    public void Moved(bool toDestination, int bytes)
    {
        if (toDestination)
        {
            _toDestination += bytes;
        }
        else
        {
            _toSource += bytes;
        }
    }

    /// <summary>The relay of a connection has ended.</summary>
    public void Closed(PumpEnd end, long micros)
    {
        Durations.Record(micros);
        _closed[(int)end]++;
    }

    /// <summary>The destination could not be connected, or was not found.</summary>
    public void Failed(Failure failure)
    {
        _failures ??= new long[(int)Failure.UpgradeRefused + 1];
        _failures[(int)failure]++;
    }
}
