using System.Diagnostics;
using System.Globalization;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Replicas;

/// <summary>One of two control planes goes away under load, while the configuration changes all the time.</summary>
[Collection(nameof(Alone))]
public sealed class LostReplicaTests(ITestOutputHelper output)
{
    private const int Kill = 9;
    private const int Freeze = 19;

    /// <summary>The figure to reach is 2 s; a machine that is busy with other tests may take longer.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    /// <param name="signal">Killed, which its connections tell, or frozen as a host that is gone: nothing tells.</param>
    /// <param name="sidecars">How many.</param>
    [Theory]
    [InlineData(Kill, 12)]
    [InlineData(Freeze, 12)]
    public async Task ItsSidecarsGoOnAtTheOtherAndNoRequestFails(int signal, int sidecars)
    {
        await using var mesh = await ReplicaMesh.StartAsync(sidecars);
        var (lost, other) = (mesh.Controls[0], mesh.Controls[1]);
        var before = await mesh.SyncedAsync();
        Assert.All(before, count => Assert.InRange(count, 1, sidecars - 1));
        await using (var first = new Loads(mesh.WaysIn))
        {
            await first.EachAsync(static load => load.Answers.Count > 0, "every sidecar knows the way", Eventually.Deadline);
        }

        await using var loads = new Loads(mesh.WaysIn);
        await using var churn = new Churn(other);
        await loads.EachAsync(static load => load.Sent > 20, "load", Eventually.Deadline);

        lost.Process.Signal(signal);
        var clock = Stopwatch.StartNew();
        var mark = churn.Applied;
        await loads.EachAsync(load => Newest(load) > mark, "every sidecar serves what was applied since", Deadline);
        var moved = clock.Elapsed;
        await churn.DisposeAsync();
        await Eventually.TrueAsync(async () => await ReplicaMesh.SyncedAsync(other) == sidecars, "all acknowledged the last change", Deadline);
        await loads.EachAsync(load => Newest(load) == churn.Applied, "and serve it", Deadline);
        await loads.DisposeAsync();

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"signal {signal}: {before[0]} of {sidecars} sidecars moved; all served changes made after it within {moved.TotalSeconds:F2} s; "
            + $"{churn.Applied} changes, {loads.All.Sum(load => load.Sent)} requests"));
        Assert.Empty(loads.All.SelectMany(load => load.Failures));
    }

    private static int Newest(Load load) => load.Answers.Keys.Max(static mark => int.Parse(mark, CultureInfo.InvariantCulture));

    /// <summary>Load through each sidecar.</summary>
    private sealed class Loads(IEnumerable<int> ports) : IAsyncDisposable
    {
        public List<Load> All { get; } =
            [.. ports.Select(port => Load.Start(port, "echo", connections: 1, pause: TimeSpan.FromMilliseconds(30)))];

        public Task EachAsync(Func<Load, bool> condition, string what, TimeSpan deadline) =>
            Eventually.TrueAsync(() => All.TrueForAll(load => condition(load)), what, deadline);

        public async ValueTask DisposeAsync()
        {
            foreach (var load in All)
            {
                await load.DisposeAsync();
            }
        }
    }

    /// <summary>A change of the route every 50 ms at a control plane; each has its number.</summary>
    private sealed class Churn : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _run;
        private int _applied;

        public Churn(Replica control) => _run = RunAsync(control);

        /// <summary>The last one that was accepted.</summary>
        public int Applied => Volatile.Read(ref _applied);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _run;
        }

        private async Task RunAsync(Replica control)
        {
            using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
            while (!_stop.IsCancellationRequested)
            {
                await beat.WaitForNextTickAsync(CancellationToken.None);
                await ReplicaMesh.ApplyAsync(control, ReplicaMesh.Route($"{_applied + 1}"));
                Interlocked.Increment(ref _applied);
            }
        }
    }
}
