using System.Globalization;
using Banyan.Bench.Load;
using Banyan.Bench.Processes;

namespace Banyan.Bench.Sides;

/// <summary>The backend itself: what every proxy is put in front of, and "direct" where that is compared with.</summary>
internal sealed class BackendSide : Side
{
    private BackendSide(Child process, int[] ports)
        : base("direct", "", process, ports[0]) => Ports = ports;

    /// <summary>One process, several addresses: a balancer takes each for an endpoint of its own.</summary>
    public int[] Ports { get; }

    /// <param name="run">The run it belongs to.</param>
    /// <param name="load">What it is to answer. Over HTTP/2 all answers are of one size, those that stream excepted.</param>
    /// <param name="addresses">How many it listens on.</param>
    public static BackendSide Start(BenchRun run, LoadShape load, int addresses)
    {
        var ports = Enumerable.Range(0, addresses).Select(_ => FreePort.Next()).ToArray();
        string[] arguments = ["backend", $"{load.Protocol}", $"{load.Body}", .. ports.Select(p => p.ToString(CultureInfo.InvariantCulture))];
        var process = run.Start("backend", BenchRun.LoadCpu, Path.Combine(AppContext.BaseDirectory, "banyan-bench"), arguments);
        var side = new BackendSide(process, ports);
        side.AwaitAnswer(run, load);
        return side;
    }
}
