using System.Globalization;
using System.Text.Json;
using Banyan.Bench.Discovery;
using Banyan.Bench.Processes;
using Banyan.Bench.Report;

namespace Banyan.Bench.Tests;

/// <summary>
/// The control plane with many simulated proxies: how soon they know of a change, and what that costs.
/// </summary>
internal sealed class ControlTest : BenchTest
{
    private const int QuickChurn = 15, FullChurn = 60;
    private const int QuickWarmUp = 10;
    private const int Changes = 200;
    private const int LiveWarmUps = 100, LiveChanges = 200;
    private const string BothCpus = "0,1";
    private static readonly int[] All = [50, 1_000, 10_000];
    private static readonly int[] Quick = [50, 1_000];
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);

    public override string Name => "control";

    public override TimeSpan Limit(Options options) =>
        TimeSpan.FromSeconds(Sizes(options).Sum(proxies => (options.Quick ? 120 : 240) + (proxies / 10)));

    public override IReadOnlyList<Row> Run(BenchRun run) =>
        [.. Live(run), .. Sizes(run.Options).SelectMany(proxies => Measure(run, new SimulatedMesh(proxies)))];

    private static int[] Sizes(Options options) => options.Proxies.Count > 0
        ? [.. options.Proxies.Order()]
        : options.Quick ? Quick : All;

    /// <summary>From a route that is applied to what a caller gets, through a real sidecar.</summary>
    private IEnumerable<Row> Live(BenchRun run)
    {
        const string What = "apply to effect on live traffic";
        run.Say(What);
        using var control = Start(run, "live", "", out var xds, out var socket);
        using var mesh = LiveMesh.Start(run, xds, socket);
        var times = mesh.ChangesAsync(LiveWarmUps, LiveChanges).GetAwaiter().GetResult();
        var p99 = times[(int)Math.Ceiling(times.Count * 0.99) - 1];
        DiscoveryFigure[] figures =
        [
            new(FigureKey.Free, $"{What}, p50", times[times.Count / 2], "ms"),
            new(FigureKey.Live, $"{What}, p99", p99, "ms", $"{times.Count} changes, longest {times[^1]:0.0} ms"),
        ];
        return figures.Select(figure => ToRow("live", "one sidecar, its caller asks again and again", figure, 1));
    }

    private static Child Start(BenchRun run, string name, string yaml, out int xds, out string socket)
    {
        var folder = Directory.CreateDirectory(Path.Combine(run.Folder, $"control-{name}")).FullName;
        var config = Path.Combine(folder, "mesh.yaml");
        File.WriteAllText(config, yaml);
        (xds, var api) = (FreePort.Next(), FreePort.Next());
        socket = Path.Combine(folder, "control.sock");
        string[] arguments =
        [
            "control", "--state", Path.Combine(folder, "state"), "--files", config,
            "--xds", $"127.0.0.1:{xds}", "--api", $"127.0.0.1:{api}", "--socket", socket,
        ];
        var control = run.Start("banyan control", BothCpus, Program(run.Options), arguments);
        run.Await(
            "banyan control being ready", ReadyLimit, control,
            () => control.Tail().Contains("control plane: xDS", StringComparison.Ordinal));
        return control;
    }

    private List<Row> Measure(BenchRun run, SimulatedMesh mesh)
    {
        run.Say($"{mesh.Proxies} proxies; {mesh.Describe()}");
        using var control = Start(run, $"{mesh.Proxies}", mesh.Yaml(), out var xds, out var socket);
        var churn = run.Options.Quick ? QuickChurn : FullChurn;
        var warmUp = run.Options.Quick ? Math.Min(QuickWarmUp, run.Options.WarmUp) : run.Options.WarmUp;
        var plan = new DiscoveryPlan(xds, socket, control.Pid, mesh.Proxies, Changes, warmUp, churn);
        var text = Child.Run(
            run, BothCpus, Path.Combine(AppContext.BaseDirectory, "banyan-bench"),
            ["xds-load", JsonSerializer.Serialize(plan)], Limit(run.Options), told: run.Say);
        var figures = JsonSerializer.Deserialize<List<DiscoveryFigure>>(text)!;
        var name = mesh.Proxies.ToString(CultureInfo.InvariantCulture);
        return [.. figures.Select(figure => ToRow(name, mesh.Describe(), figure, mesh.Proxies))];
    }

    private static string Program(Options options)
    {
        var path = options.Control ?? Path.Combine(BenchRun.Root, "artifacts/bin/Banyan.Cli/release/banyan");
        return File.Exists(path) ? path : throw new BenchFailure($"{path} is not there; run without --no-build");
    }

    private Row ToRow(string name, string resources, DiscoveryFigure figure, int proxies)
    {
        var bound = Bound(figure.Key, proxies);
        return new Row
        {
            Test = Name,
            Name = name,
            Metric = figure.Metric,
            Value = Math.Round(figure.Value, 3),
            Unit = figure.Unit,
            Bound = bound,
            Ok = bound is null ? null : figure.Value <= bound,
            Detail = figure.Detail,
            Resources = resources,
        };
    }

    /// <summary>What must hold; what is between two sizes has the bound of the larger one.</summary>
    private static double? Bound(FigureKey key, int proxies) => key switch
    {
        FigureKey.Change => proxies switch { <= 50 => 20, <= 1_000 => 120, <= 10_000 => 1_500, _ => null },
        FigureKey.Storm => proxies switch { <= 1_000 => 3, <= 10_000 => 30, _ => null },
        FigureKey.Staleness or FigureKey.Cores when proxies <= 1_000 => 1,
        FigureKey.Cpu => 60,
        FigureKey.Live => 50,

        // With few proxies it is what the server itself needs for its first ones.
        FigureKey.Memory when proxies >= 1_000 => 150,
        _ => null,
    };
}
