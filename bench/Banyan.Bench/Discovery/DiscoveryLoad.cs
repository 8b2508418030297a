using System.Diagnostics;
using System.Text.Json;
using Banyan.Bench.Measure;

namespace Banyan.Bench.Discovery;

/// <summary>What the load is to do.</summary>
/// <param name="Port">Port of the control plane's xDS listener.</param>
/// <param name="State">Its state directory when the streams are to be over TLS; null for plaintext.</param>
/// <param name="Socket">Unix socket of its API.</param>
/// <param name="Pid">Its process.</param>
/// <param name="Proxies">Simulated proxies.</param>
/// <param name="Changes">Measured changes of each sort.</param>
/// <param name="WarmUpSeconds">Seconds of changes before those that are measured, and six times that until the server has
/// compiled what it runs often.</param>
/// <param name="ChurnSeconds">Seconds of a hundred changes each; 0 = none.</param>
internal sealed record DiscoveryPlan(
    int Port, string? State, string Socket, int Pid, int Proxies, int Changes, int WarmUpSeconds, int ChurnSeconds);

/// <summary>
/// A mesh of simulated proxies and the changes that are pushed to them, in a process of its own. It reads the server's
/// clocks itself, so that what is counted begins and ends with what is done.
/// </summary>
internal sealed class DiscoveryLoad(DiscoveryPlan plan) : IDisposable
{
    private const int ChangesPerSecond = 100;
    private const int WarmUps = 30;
    private const int AtOnce = 64;

    // Of the server's time: what a process of some minutes spends on compiling is less than this.
    private const double CompilerShare = 0.03;
    private const int MostWarmUps = 6;
    private static readonly TimeSpan SettleStep = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(20);

    private readonly List<DiscoveryFigure> _figures = [];
    private readonly SimulatedMesh _mesh = new(plan.Proxies);
    private readonly ChangeLog _log = new(plan.Proxies);
    private readonly ControlApi _api = new(plan.Socket);

    // Each change begins at rest: the server is done with the one before, and has rested from it.
    private readonly TimeSpan _pause = TimeSpan.FromMilliseconds(20 + (0.02 * plan.Proxies));

    /// <summary>The process: <c>xds-load PLAN</c>; prints an array of <see cref="DiscoveryFigure"/>.</summary>
    public static int Generate(string[] arguments)
    {
        using var load = new DiscoveryLoad(JsonSerializer.Deserialize<DiscoveryPlan>(arguments[0])!);
        Console.Out.Write(JsonSerializer.Serialize(load.RunAsync().GetAwaiter().GetResult()));
        return 0;
    }

    public void Dispose() => _api.Dispose();

    private async Task<List<DiscoveryFigure>> RunAsync()
    {
        using var identities = plan.State is { } state ? new FleetIdentities(state) : null;
        var fleet = new Fleet(plan.Port, proxy => identities?.FileOf(proxy.Service ?? SimulatedMesh.AnyService), _log);
        await RegisterAsync();
        if (identities is not null)
        {
            // Made before the storm, not in it.
            _mesh.ServiceNames.ToList().ForEach(service => identities.FileOf(service));
        }

        await StormAsync(fleet);
        await WarmUpAsync(fleet);
        await EndpointsAsync(fleet);
        await RoutesAsync(fleet);
        if (plan.ChurnSeconds > 0)
        {
            await ChurnAsync(fleet);
        }

        await UnfairAsync(fleet);
        return _figures;
    }

    /// <summary>Registers every replica.</summary>
    private async Task RegisterAsync()
    {
        await _api.ApplyAsync(_mesh.ChangingRoute(0));
        var start = Stopwatch.GetTimestamp();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtOnce };
        await Parallel.ForAsync(0, plan.Proxies, parallel, async (proxy, _) =>
            await _api.RegisterAsync(_mesh.NodeOf(proxy), _mesh.InstanceOf(proxy)));
        await Parallel.ForAsync(0, ChangeLog.Route, parallel, async (slot, _) =>
            await _api.RegisterAsync(SimulatedMesh.MoverNode(slot), SimulatedMesh.MoverInstance(slot, 0)));
        Add(FigureKey.Free, "registration of all replicas", Stopwatch.GetElapsedTime(start).TotalSeconds, "s");
    }

    private async Task StormAsync(Fleet fleet)
    {
        var before = await SettledAsync();
        var cpu = CpuClock.Microseconds(plan.Pid);
        var time = await fleet.ConnectAsync(plan.Proxies, (proxy, state) => new SimulatedProxy(
            _mesh.NodeOf(proxy), [.. _mesh.TargetsOf(proxy)], ownListeners: 2, Behaviour.Good, state));
        var used = CpuClock.Microseconds(plan.Pid) - cpu;
        Add(
            FigureKey.Storm, "connect storm to all synced", time.TotalSeconds, "s",
            $"CPU of the server {used / plan.Proxies:0} us a proxy");
        var after = await SettledAsync();
        Add(
            FigureKey.Memory, "memory per connected proxy", (after - before) / 1e3 / plan.Proxies, "KB",
            $"RSS {before / 1e6:0} MB before, {after / 1e6:0} MB after");
    }

    private async Task WarmUpAsync(Fleet fleet)
    {
        var start = Stopwatch.GetTimestamp();
        double passed, share;
        do
        {
            var (compiler, cpu) = (CompilerClock.Microseconds(plan.Pid), CpuClock.Microseconds(plan.Pid));
            await ChangesAsync(fleet, WarmUps, MoveAsync);
            await ChangesAsync(fleet, WarmUps / 3, RerouteAsync);
            share = (CompilerClock.Microseconds(plan.Pid) - compiler) / (CpuClock.Microseconds(plan.Pid) - cpu);
            passed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        while (passed < plan.WarmUpSeconds
            || (share > CompilerShare && passed < plan.WarmUpSeconds * MostWarmUps));
        Console.Error.WriteLine($"warm after {passed:0} s: {Math.Max(0, share):P0} of the server's time is the compiler's");
    }

    private async Task EndpointsAsync(Fleet fleet)
    {
        var (cpu, own) = Clocks();
        var compiler = CompilerClock.Microseconds(plan.Pid);
        var pushes = fleet.Pushes;
        var times = await ChangesAsync(fleet, plan.Changes, MoveAsync);
        var (cpuAfter, ownAfter) = Clocks();
        var compiled = Math.Max(0, CompilerClock.Microseconds(plan.Pid) - compiler);
        var reached = (double)plan.Changes * plan.Proxies;
        Changed("one endpoint changed, to last ACK", times);
        Add(
            FigureKey.Cpu, "CPU per (change x proxy)", (cpuAfter - cpu) / reached, "us",
            $"{compiled / reached:0.0} us of it the compiler's; "
            + $"the generator takes {(ownAfter - own) / (fleet.Pushes - pushes):0.0} us a push beside it");
    }

    private async Task RoutesAsync(Fleet fleet)
    {
        var cpu = CpuClock.Microseconds(plan.Pid);
        var times = await ChangesAsync(fleet, plan.Changes, RerouteAsync);
        Changed("one route changed, to last ACK", times);
        var used = (CpuClock.Microseconds(plan.Pid) - cpu) / ((double)plan.Changes * plan.Proxies);
        Add(FigureKey.Free, "CPU per (route change x proxy)", used, "us");
    }

    /// <summary>Changes on a schedule, whether or not those before have arrived.</summary>
    private async Task ChurnAsync(Fleet fleet)
    {
        _log.Staleness.Clear();
        var cpu = CpuClock.Microseconds(plan.Pid);
        var pushes = fleet.Pushes;
        var start = Stopwatch.GetTimestamp();
        var count = plan.ChurnSeconds * ChangesPerSecond;
        var last = new Task[ChangeLog.Route];
        Array.Fill(last, Task.CompletedTask);
        List<Task> acknowledged = [];
        for (var change = 0; change < count; change++)
        {
            var due = start + (long)(change * (double)Stopwatch.Frequency / ChangesPerSecond);
            while (Stopwatch.GetTimestamp() < due)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            }

            // Changes of one replica keep their order; those of others do not wait for it.
            var slot = change % ChangeLog.Route;
            var arrived = new TaskCompletionSource();
            acknowledged.Add(arrived.Task);
            last[slot] = AfterAsync(last[slot], slot, due, arrived);
        }

        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var used = CpuClock.Microseconds(plan.Pid) - cpu;
        await fleet.WithAsync(Task.WhenAll(acknowledged));
        var rate = (fleet.Pushes - pushes) / seconds;
        Add(
            FigureKey.Staleness, $"{ChangesPerSecond} changes/s for {plan.ChurnSeconds} s, staleness p99",
            _log.Staleness.At(0.99) / 1000, "s", $"p50 {_log.Staleness.At(0.5):0} ms; {rate:0} pushes/s");
        Add(
            FigureKey.Cores, $"{ChangesPerSecond} changes/s for {plan.ChurnSeconds} s, CPU of the server",
            used / 1e6 / seconds, "cores");
        var after = await SettledAsync();
        Add(FigureKey.Free, "RSS of the server after it", after / 1e6, "MB");

        async Task AfterAsync(Task before, int slot, long due, TaskCompletionSource arrived)
        {
            await before;
            var (number, done) = _log.Begin(slot, due);
            await _api.RegisterAsync(SimulatedMesh.MoverNode(slot), SimulatedMesh.MoverInstance(slot, number));
            _ = done.ContinueWith(_ => arrived.SetResult(), TaskScheduler.Default);
        }
    }

    /// <summary>The same changes beside proxies that behave badly.</summary>
    private async Task UnfairAsync(Fleet fleet)
    {
        var each = Math.Clamp(plan.Proxies / 20, 1, 100);
        Behaviour[] kinds = [Behaviour.Refusing, Behaviour.Mute, Behaviour.Slow];
        await fleet.ConnectAsync(each * kinds.Length, (proxy, state) => new SimulatedProxy(
            $"default/bad/{proxy}", [.. _mesh.TargetsOf(proxy)], ownListeners: 0, kinds[proxy % kinds.Length], state));
        await ChangesAsync(fleet, WarmUps, MoveAsync);
        var times = await ChangesAsync(fleet, plan.Changes, MoveAsync);
        Changed($"the same beside {each} that refuse, {each} that never ACK, {each} that read slowly", times);
    }

    private async Task<List<double>> ChangesAsync(Fleet fleet, int count, Func<int, Task<TimeSpan>> change)
    {
        List<double> times = [];
        for (var i = 0; i < count; i++)
        {
            var task = change(i);
            await fleet.WithAsync(task);
            times.Add((await task).TotalMilliseconds);
            await Task.Delay(_pause, TimeProvider.System);
        }

        times.Sort();
        return times;
    }

    /// <summary>A replica of a service that all call moves to another address.</summary>
    private async Task<TimeSpan> MoveAsync(int change)
    {
        var slot = change % ChangeLog.Route;
        var (number, acknowledged) = _log.Begin(slot, Stopwatch.GetTimestamp());
        await _api.RegisterAsync(SimulatedMesh.MoverNode(slot), SimulatedMesh.MoverInstance(slot, number));
        return await acknowledged;
    }

    private async Task<TimeSpan> RerouteAsync(int change)
    {
        var (number, acknowledged) = _log.Begin(ChangeLog.Route, Stopwatch.GetTimestamp());
        await _api.ApplyAsync(_mesh.ChangingRoute(number));
        return await acknowledged;
    }

    private void Changed(string what, List<double> sorted)
    {
        Add(FigureKey.Free, $"{what}, p50", sorted[sorted.Count / 2], "ms");
        var p99 = sorted[Math.Min(sorted.Count - 1, (int)Math.Ceiling(sorted.Count * 0.99) - 1)];
        Add(FigureKey.Change, $"{what}, p99", p99, "ms", $"{sorted.Count} changes, longest {sorted[^1]:0.0} ms");
    }

    /// <summary>Resident memory of the server once it does not change any more.</summary>
    private async Task<double> SettledAsync()
    {
        var start = Stopwatch.GetTimestamp();
        var (last, same) = (0L, 0);
        while (same < 6 && Stopwatch.GetElapsedTime(start) < SettleLimit)
        {
            await Task.Delay(SettleStep, TimeProvider.System);
            var now = Memory.Of(plan.Pid).Rss;
            same = Math.Abs(now - last) < last / 200 ? same + 1 : 0;
            last = now;
        }

        return last;
    }

    private (double Server, double Own) Clocks() =>
        (CpuClock.Microseconds(plan.Pid), CpuClock.Microseconds(Environment.ProcessId));

    private void Add(FigureKey key, string metric, double value, string unit, string? detail = null)
    {
        _figures.Add(new DiscoveryFigure(key, metric, value, unit, detail));
        Console.Error.WriteLine($"{metric}: {value:0.##} {unit}{(detail is null ? "" : $" ({detail})")}");
    }
}
