namespace Banyan.Proxy.Record;

/// <summary>Durations of the exchanges of one label set in one reactor.</summary>
public sealed class EdgeCell : DurationCounts
{
    internal EdgeCell(in EdgeKey key) => Key = key;

    internal EdgeKey Key { get; }
}
