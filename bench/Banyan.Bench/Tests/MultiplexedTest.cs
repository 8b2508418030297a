using Banyan.Bench.Load;

namespace Banyan.Bench.Tests;

/// <summary>HTTP/2 on both legs: one, ten and a hundred streams on one connection and on ten.</summary>
internal abstract class MultiplexedTest(Protocol protocol, int body) : CostTest
{
    private static readonly int[] Counts = [1, 10], StreamCounts = [1, 10, 100];

    protected sealed override LoadShape Gated { get; } = new(protocol, Connections: 10, Streams: 10, body);

    protected sealed override LoadShape[] All =>
    [
        Gated,
        .. Counts.SelectMany(connections => StreamCounts.Select(streams => Gated with { Connections = connections, Streams = streams }))
            .Where(load => load != Gated),
        .. More,
    ];

    /// <summary>Loads that the protocol has beside those.</summary>
    protected virtual LoadShape[] More => [];

    protected sealed override double? Bound(string row, string peer, LoadShape load) =>
        row == "mesh" && peer is "nghttpx" or "haproxy" && load == Gated ? 0.95 : null;
}
