using System.Globalization;
using Banyan.Bench.Processes;

namespace Banyan.Bench.Sides;

/// <summary>The backend itself: what every proxy is put in front of, and "direct" where that is compared with.</summary>
internal sealed class BackendSide : Side
{
    private BackendSide(Child process, int[] ports)
        : base("direct", "", process, ports[0]) => Ports = ports;

    /// <summary>One process, several addresses: a balancer takes each for an endpoint of its own.</summary>
    public int[] Ports { get; }

    public static BackendSide Start(BenchRun run, int addresses)
    {
        var ports = Enumerable.Range(0, addresses).Select(_ => FreePort.Next()).ToArray();
        string[] arguments = ["backend", .. ports.Select(p => p.ToString(CultureInfo.InvariantCulture))];
        var process = run.Start("backend", BenchRun.LoadCpu, Path.Combine(AppContext.BaseDirectory, "banyan-bench"), arguments);
        var side = new BackendSide(process, ports);
        side.AwaitAnswer(run, "/131", 131);
        return side;
    }
}
