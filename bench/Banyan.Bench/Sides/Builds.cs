namespace Banyan.Bench.Sides;

/// <summary>Where `bench/run` leaves each build of the proxy.</summary>
internal static class Builds
{
    public const string Jit = "jit", ReadyToRun = "r2r", AheadOfTime = "aot";

    /// <summary>The proxy of that build, or the one the command line named.</summary>
    public static string Find(Options options, string build)
    {
        var path = options.Proxy ?? Path.Combine(BenchRun.Root, build switch
        {
            Jit => "artifacts/bin/Banyan.Proxy/release/banyan-proxy",
            ReadyToRun => "artifacts/r2r/publish/Banyan.Proxy/release_linux-x64/banyan-proxy",
            AheadOfTime => "artifacts/aot/publish/Banyan.Proxy/release_linux-x64/banyan-proxy",
            _ => throw new BenchFailure($"there is no build {build}"),
        });
        return File.Exists(path) ? path : throw new BenchFailure($"{path} is not there; run without --no-build");
    }
}
