using Banyan.Bench.Load;

namespace Banyan.Bench.Tests;

/// <summary>HTTP/1.1 on both legs.</summary>
internal sealed class HopTest : CostTest
{
    private const int Small = 131, Middle = 16_384, Large = 1_000_000;

    public override string Name => "hop";

    protected override LoadShape Gated { get; } = Of(64, Small);

    // A run of large bodies over many connections would end with a tenth of them under way, so there is none.
    protected override LoadShape[] All =>
        [Gated, Of(1, Small), Of(512, Small), Of(1, Middle), Of(64, Middle), Of(512, Middle), Of(1, Large), Of(64, Large)];

    protected override double? Bound(string row, string peer, LoadShape load) => (row, peer) switch
    {
        ("mesh", "haproxy" or "nginx") when load == Gated => 0.90,
        ("mesh", "haproxy") when load is { Connections: 64, Body: Large } => 1.10,
        _ => null,
    };

    private static LoadShape Of(int connections, int body) => new(Protocol.Http1, connections, Streams: 1, body);
}
