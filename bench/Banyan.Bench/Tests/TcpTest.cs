using Banyan.Bench.Load;

namespace Banyan.Bench.Tests;

/// <summary>Bytes relayed unread: by the megabyte, in small messages, and in connections that carry one message.</summary>
internal sealed class TcpTest : CostTest
{
    /// <summary>So much each way makes a megabyte that was relayed.</summary>
    private const int Half = 500_000;

    private const int Small = 100;

    public override string Name => "tcp";

    protected override LoadShape Gated { get; } = Of(16, Half);

    protected override LoadShape[] All =>
        [Gated, Of(64, Small), Of(1, Half), Of(64, Half), Of(64, 32_000), Of(1, Small), Of(512, Small), Of(16, Small) with { IsChurn = true }];

    protected override LoadShape[] Counted => [Gated, Of(64, Small)];

    protected override double? Bound(string row, string peer, LoadShape load) =>
        row == "mesh" && peer == "haproxy" && load == Gated ? 1.00 : null;

    private static LoadShape Of(int connections, int size) => new(Protocol.Tcp, connections, Streams: 1, size);
}
