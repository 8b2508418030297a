using Banyan.Bench.Processes;

namespace Banyan.Bench.Sides;

/// <summary>nghttpx: one worker, no log, HTTP/2 without TLS on both sides, and as few fields of its own as it lets be.</summary>
/// <remarks>It has no access log unless it is given a file: even /dev/null would cost it a system call for each request.</remarks>
internal sealed class NghttpxSide : Side
{
    private NghttpxSide(string version, Child process, int port)
        : base("nghttpx", version, process, port)
    {
    }

    public static NghttpxSide Start(BenchRun run, int backend)
    {
        var port = FreePort.Next();
        string[] arguments =
        [
            "--conf=/dev/null", "--workers=1", $"--frontend=127.0.0.1,{port};no-tls", $"--backend=127.0.0.1,{backend};/;proto=h2",
            "--no-via", "--no-server-rewrite", "--log-level=ERROR",
        ];
        var version = Child.Run(run, BenchRun.LoadCpu, "nghttpx", ["--version"], TimeSpan.FromSeconds(10));
        var process = run.Start("nghttpx", BenchRun.ProxyCpu, "nghttpx", arguments);
        return new NghttpxSide(version.Trim().Split('/')[1], process, port);
    }
}
