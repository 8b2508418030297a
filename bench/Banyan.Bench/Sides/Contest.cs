using Banyan.Bench.Load;

namespace Banyan.Bench.Sides;

/// <summary>Who takes part: the rows of Banyan and the peers, all running at once and only one loaded at a time.</summary>
internal static class Contest
{
    private const int PeerWarmUp = 2;

    /// <summary>Starts what the options ask for.</summary>
    /// <param name="run">The run and its options.</param>
    /// <param name="protocol">What both legs speak; it decides who the peers are.</param>
    /// <param name="backend">What every side is put in front of.</param>
    /// <param name="onlyGated">Sides that no bound is for take part only by name.</param>
    public static List<Side> Start(BenchRun run, Protocol protocol, BackendSide backend, bool onlyGated)
    {
        var known = Known(run, protocol, backend).ToList();
        var sides = known.Where(s => s.IsGated || !onlyGated ? run.Options.Wants(s.Name) : run.Options.Only.Contains(s.Name))
            .Select(s => s.Start())
            .ToList();
        return sides.Count > 0 ? sides : throw new BenchFailure($"--only names none of {string.Join(", ", known.Select(s => s.Name))}");
    }

    /// <summary>Proves that each side answers, then loads it until it is at its usual speed.</summary>
    public static void WarmUp(BenchRun run, IEnumerable<Side> sides, LoadShape load)
    {
        foreach (var side in sides)
        {
            side.AwaitAnswer(run, load);
            side.WarmUp(run, side is BanyanSide ? run.Options.WarmUp : PeerWarmUp, load);
        }
    }

    private static IEnumerable<(string Name, bool IsGated, Func<Side> Start)> Known(BenchRun run, Protocol protocol, BackendSide backend)
    {
        yield return ("mesh", true, () => BanyanSide.StartMesh(run, Builds.Find(run.Options, Builds.ReadyToRun), protocol, backend));
        yield return ("bare", false, () => BanyanSide.StartBare(run, Builds.Find(run.Options, Builds.ReadyToRun), protocol, backend));
        if (protocol is Protocol.Http2 or Protocol.Grpc)
        {
            yield return ("nghttpx", true, () => NghttpxSide.Start(run, backend.Ports[0]));
        }

        yield return ("haproxy", true, () => HaproxySide.Start(run, protocol, backend.Ports[0]));
        if (protocol == Protocol.Tcp)
        {
            yield return (HaproxySide.Copying, false, () => HaproxySide.Start(run, protocol, backend.Ports[0], HaproxySide.Copying));
        }

        if (protocol != Protocol.Http2)
        {
            yield return ("nginx", protocol == Protocol.Http1, () => NginxSide.Start(run, protocol, backend.Ports[0]));
        }
    }
}
