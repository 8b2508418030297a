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
        [.. run.Options.Tls ? [] : Live(run), .. Sizes(run.Options).SelectMany(proxies => Measure(run, new SimulatedMesh(proxies)))];

    private static int[] Sizes(Options options) => options.Proxies.Count > 0
        ? [.. options.Proxies.Order()]
        : options.Quick ? Quick : All;

    /// <summary>From a route that is applied to what a caller gets, through a real sidecar.</summary>
    private IEnumerable<Row> Live(BenchRun run)
    {
        const string What = "apply to effect on live traffic";
        run.Say(What);
        using var control = Start(run, "live", "", out var server);
        using var mesh = LiveMesh.Start(run, server.Xds, server.Socket);
        var times = mesh.ChangesAsync(LiveWarmUps, LiveChanges).GetAwaiter().GetResult();
        var p99 = times[(int)Math.Ceiling(times.Count * 0.99) - 1];
        DiscoveryFigure[] figures =
        [
            new(FigureKey.Free, $"{What}, p50", times[times.Count / 2], "ms"),
            new(FigureKey.Live, $"{What}, p99", p99, "ms", $"{times.Count} changes, longest {times[^1]:0.0} ms"),
        ];
        return figures.Select(figure => ToRow("live", "one sidecar, its caller asks again and again", figure, 1));
    }

    private static Child Start(BenchRun run, string name, string yaml, out Server server)
    {
        var folder = Directory.CreateDirectory(Path.Combine(run.Folder, $"control-{name}")).FullName;
        var config = Path.Combine(folder, "mesh.yaml");
        File.WriteAllText(config, yaml);
        server = new Server(FreePort.Next(), FreePort.Next(), Path.Combine(folder, "state"), Path.Combine(folder, "control.sock"));
        string[] arguments =
        [
            "control", "--state", server.State, "--files", config, "--socket", server.Socket,
            "--xds", $"127.0.0.1:{server.Xds}", "--xds-tls", $"127.0.0.1:{server.XdsTls}", "--api", $"127.0.0.1:{FreePort.Next()}",
        ];
        var control = run.Start("banyan control", BothCpus, Program(run.Options), arguments);
        run.Await(
            "banyan control being ready", ReadyLimit, control,
            () => control.Tail().Contains("control plane: xDS", StringComparison.Ordinal));
        var authority = FleetIdentities.Issuing(server.State);
        run.Await("the authority", ReadyLimit, control, () => File.Exists(authority));
        return control;
    }

    private List<Row> Measure(BenchRun run, SimulatedMesh mesh)
    {
        run.Say($"{mesh.Proxies} proxies; {mesh.Describe()}");
        using var control = Start(run, $"{mesh.Proxies}", mesh.Yaml(), out var server);
        var churn = run.Options.Quick ? QuickChurn : FullChurn;
        var warmUp = run.Options.Quick ? Math.Min(QuickWarmUp, run.Options.WarmUp) : run.Options.WarmUp;
        var (port, state) = run.Options.Tls ? (server.XdsTls, server.State) : (server.Xds, null);
        var plan = new DiscoveryPlan(port, state, server.Socket, control.Pid, mesh.Proxies, Changes, warmUp, churn);
        var text = Child.Run(
            run, BothCpus, Path.Combine(AppContext.BaseDirectory, "banyan-bench"),
            ["xds-load", JsonSerializer.Serialize(plan)], Limit(run.Options), told: run.Say);
        var figures = JsonSerializer.Deserialize<List<DiscoveryFigure>>(text)!;
        var name = mesh.Proxies.ToString(CultureInfo.InvariantCulture);
        return [.. figures.Select(figure => ToRow(run.Options.Tls ? $"{name} over TLS" : name, mesh.Describe(), figure, mesh.Proxies, run.Options.Tls))];
    }

    private static string Program(Options options)
    {
        var path = options.Control ?? Path.Combine(BenchRun.Root, "artifacts/bin/Banyan.Cli/release/banyan");
        return File.Exists(path) ? path : throw new BenchFailure($"{path} is not there; run without --no-build");
    }

    private Row ToRow(string name, string resources, DiscoveryFigure figure, int proxies, bool overTls = false)
    {
        var bound = overTls ? BoundOverTls(figure.Key, proxies) : Bound(figure.Key, proxies);
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

    /// <summary>Over TLS the storm has a bound; the other figures are beside those of plaintext streams.</summary>
    private static double? BoundOverTls(FigureKey key, int proxies) =>
        key == FigureKey.Storm && proxies <= 10_000 ? 60 : null;

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

    /// <summary>A control plane that was started.</summary>
    /// <param name="Xds">Port of its plaintext streams.</param>
    /// <param name="XdsTls">Port of those over TLS.</param>
    /// <param name="State">Its state directory.</param>
    /// <param name="Socket">The API's.</param>
    private sealed record Server(int Xds, int XdsTls, string State, string Socket);
}
