namespace Banyan.Bench.Sides;

/// <summary>Who takes part: the rows of Banyan and the peers, all running at once and only one loaded at a time.</summary>
internal static class Contest
{
    private const int PeerWarmUp = 2;

    /// <summary>Starts what the options ask for. <c>bare</c> is not gated, so a quick run has it only by name.</summary>
    public static List<Side> Start(BenchRun run, BackendSide backend, bool withBare)
    {
        List<Side> sides = [];
        if (run.Options.Wants("mesh"))
        {
            sides.Add(BanyanSide.StartMesh(run, Builds.Find(run.Options, Builds.ReadyToRun), backend));
        }

        if (run.Options.Only.Contains("bare") || (withBare && run.Options.Wants("bare")))
        {
            sides.Add(BanyanSide.StartBare(run, Builds.Find(run.Options, Builds.ReadyToRun), backend));
        }

        if (run.Options.Wants("haproxy"))
        {
            sides.Add(HaproxySide.Start(run, backend.Ports[0]));
        }

        if (run.Options.Wants("nginx"))
        {
            sides.Add(NginxSide.Start(run, backend.Ports[0]));
        }

        return sides.Count > 0 ? sides : throw new BenchFailure("--only names none of mesh, bare, haproxy, nginx");
    }

    /// <summary>Proves that each side answers, then loads it until it is at its usual speed.</summary>
    public static void WarmUp(BenchRun run, IEnumerable<Side> sides, int connections, int body)
    {
        foreach (var side in sides)
        {
            side.AwaitAnswer(run, MeshResources.PathFor(body), body);
            side.WarmUp(run, side is BanyanSide ? run.Options.WarmUp : PeerWarmUp, connections, MeshResources.PathFor(body));
        }
    }
}
