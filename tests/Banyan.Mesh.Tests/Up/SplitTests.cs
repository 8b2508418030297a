using System.Diagnostics;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Up;

/// <summary>The split of a service's requests among its versions, under load that enters through a sidecar.</summary>
[Collection(nameof(Alone))]
public sealed class SplitTests(SplitTests.Fixture fixture, ITestOutputHelper output) : IClassFixture<SplitTests.Fixture>
{
    /// <summary>The upper 0.001 point of chi-square with one degree of freedom.</summary>
    private const double Critical = 10.828;

    private UpMesh Mesh => fixture.Mesh;

    [Fact]
    public async Task WeightsAreExactWithinStatistics()
    {
        const int Requests = 10_000;
        Split(90, 10);
        await using (var probe = Load.Start(Mesh.WayIn, "hello"))
        {
            await Eventually.TrueAsync(() => probe.Answers.Count == 2, "both versions answer");
        }

        await using var load = Load.Start(Mesh.WayIn, "hello", connections: 16, pause: TimeSpan.FromMilliseconds(1));
        await load.MoreAsync(Requests);
        await load.EndAsync();

        Assert.Empty(load.Failures);
        var (old, @new) = (load.Answers["old/0"], load.Answers["new/0"]);
        var total = old + @new;
        var chiSquare = Square(old - (0.9 * total)) / (0.9 * total) + Square(@new - (0.1 * total)) / (0.1 * total);
        output.WriteLine($"{old} : {@new}, chi-square {chiSquare:0.000}");
        Assert.True(total >= Requests && chiSquare < Critical, $"{old} : {@new} is not 90 : 10 (chi-square {chiSquare:0.0})");
    }

    [Fact]
    public async Task AnEditTakesEffectWithinMoments()
    {
        const int Edits = 20;
        Split(100, 0);
        await using var load = Load.Start(Mesh.WayIn, "hello", connections: 4);
        await AnswersOnlyAsync(load, "old/0");
        var times = new List<double>();
        for (var edit = 0; edit < Edits; edit++)
        {
            var to = edit % 2 == 0 ? "new/0" : "old/0";
            var before = load.Answers.GetValueOrDefault(to);
            Split(edit % 2 == 0 ? 0 : 100, edit % 2 == 0 ? 100 : 0);
            var saved = Stopwatch.GetTimestamp();
            await WaitAsync(() => load.Answers.GetValueOrDefault(to) > before);
            times.Add(Stopwatch.GetElapsedTime(saved).TotalMilliseconds);
            await AnswersOnlyAsync(load, to);
        }

        await load.EndAsync();
        Assert.Empty(load.Failures);
        var each = string.Join(' ', times.Select(time => $"{time:0}"));
        times.Sort();
        output.WriteLine($"from saving to the first answer of the other version: {each}; median {times[Edits / 2]:0} ms");

        // Load keeps both cores busy, so a single edit may wait for a processor; that it usually does not is what counts.
        Assert.InRange(times[Edits / 2], 0, 1000);
        Assert.InRange(times[^1], 0, 5000);
    }

    [Fact]
    public Task EditsFailNoRequest() => EditAsync(TimeSpan.FromSeconds(8), TimeSpan.FromMilliseconds(400));

    [Fact]
    [Trait("Category", "Soak")]
    public Task AMinuteOfEditsFailsNoRequest() => EditAsync(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(1));

    private static double Square(double value) => value * value;

    /// <summary>Finer than Eventually: what is measured takes milliseconds.</summary>
    private static async Task WaitAsync(Func<bool> condition)
    {
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        var start = Stopwatch.GetTimestamp();
        while (!condition() && Stopwatch.GetElapsedTime(start) < Eventually.Deadline)
        {
            await beat.WaitForNextTickAsync();
        }
    }

    /// <summary>Until a hundred answers in a row are of one version: the other one's last answers are through.</summary>
    private static Task AnswersOnlyAsync(Load load, string name) => Eventually.TrueAsync(
        async () =>
        {
            var others = load.Answers.Where(answer => answer.Key != name).Sum(answer => answer.Value);
            await load.MoreAsync(100);
            return others == load.Answers.Where(answer => answer.Key != name).Sum(answer => answer.Value);
        },
        $"only {name} answers");

    private async Task EditAsync(TimeSpan duration, TimeSpan pause)
    {
        await using var load = Load.Start(Mesh.WayIn, "hello");
        using var beat = new PeriodicTimer(pause);
        var start = Stopwatch.GetTimestamp();
        var edits = 0;
        while (Stopwatch.GetElapsedTime(start) < duration)
        {
            var share = edits++ * 37 % 101;
            Split(share, 100 - share);
            await beat.WaitForNextTickAsync();
        }

        await load.EndAsync();
        output.WriteLine($"{edits} edits, {load.Sent} requests: {string.Join(", ", load.Answers)}");
        Assert.Empty(load.Failures);
        Assert.Equal(2, load.Answers.Count);
    }

    private void Split(int old, int @new) => Mesh.Write(Fixture.Text(old, @new));

    public sealed class Fixture : IAsyncLifetime
    {
        internal UpMesh Mesh { get; private set; } = null!;

        /// <inheritdoc/>
        public async ValueTask InitializeAsync() => Mesh = await UpMesh.StartAsync(Text(50, 50));

        /// <inheritdoc/>
        public ValueTask DisposeAsync() => Mesh?.DisposeAsync() ?? ValueTask.CompletedTask;

        internal static string Text(int old, int @new) => MeshText.Of(
            MeshText.Client,
            MeshText.Workload("hello", "old"),
            MeshText.Workload("hello", "new"),
            MeshText.Split("hello", ("old", old), ("new", @new)));
    }
}
