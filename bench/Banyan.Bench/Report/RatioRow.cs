using Banyan.Bench.Load;
using Banyan.Bench.Measure;
using Banyan.Bench.Sides;

namespace Banyan.Bench.Report;

/// <summary>The row of a side beside a peer, from paired rounds.</summary>
internal static class RatioRow
{
    /// <param name="test">The test's name.</param>
    /// <param name="rounds">What was measured.</param>
    /// <param name="side">The row's side.</param>
    /// <param name="peer">What it is compared with.</param>
    /// <param name="load">The load of those rounds.</param>
    /// <param name="bound">What the upper end of the ratio's interval may be at most; null when the row is only printed.</param>
    public static Row Of(string test, PairedRounds rounds, Side side, Side peer, LoadShape load, double? bound = null)
    {
        var ratio = rounds.Ratio(side, peer);
        return new Row
        {
            Test = test,
            Name = side.Name,
            Peer = peer.Name,
            PeerVersion = peer.Version,
            Connections = load.Connections,
            Streams = load.Protocol is Protocol.Http1 or Protocol.Tcp ? null : load.Streams,
            BodyBytes = load.Body,
            Per = load.Per == "request" ? null : load.Per,
            Rounds = rounds.Count,
            CpuUs = Math.Round(rounds.PerRequest(side), 2),
            PeerCpuUs = Math.Round(rounds.PerRequest(peer), 2),
            Ratio = Math.Round(ratio.Median, 3),
            RatioLow = Math.Round(ratio.Low, 3),
            RatioHigh = Math.Round(ratio.High, 3),
            Rate = Math.Round(rounds.Rate(side)),
            PeerRate = Math.Round(rounds.Rate(peer)),
            Idle = Math.Round(rounds.Idle(side), 2),
            PeerIdle = Math.Round(rounds.Idle(peer), 2),
            Bound = bound,
            Ok = bound is null || rounds.Noisy ? null : ratio.High <= bound,
            Noisy = rounds.Noisy ? true : null,
            Detail = peer.Note,
            Resources = side.Resources,
        };
    }
}
