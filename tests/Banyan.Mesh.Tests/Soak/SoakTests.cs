using System.Globalization;
using System.Text.Json;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Soak;

/// <summary>
/// Every protocol at once through two sidecars, while connections break, peers are slow and backends restart: no byte is wrong, nothing
/// hangs, no failure is without a cause, and nothing is left behind.
/// </summary>
/// <remarks>
/// <c>BANYAN_SOAK_SEED=N</c> makes the same decisions again (not the same timing); <c>BANYAN_SOAK_SECONDS=N</c> changes the time of the long one.
/// </remarks>
[Collection(nameof(Alone))]
public sealed class SoakTests
{
    /// <summary>Bytes of objects that are still referred to, from an early moment to the end.</summary>
    private const long MostLiveGrowth = 2_000_000;

    /// <summary>Bytes of private memory from the first part to the last: the collector lets so much gather before it collects.</summary>
    private const long MostGrowth = 24_000_000;

    /// <summary>Pipes for splicing that are kept for the next connection, two descriptors each.</summary>
    private const int MostKeptDescriptors = 2 * 16;

    private static readonly TimeSpan EndDeadline = TimeSpan.FromSeconds(90);

    [Fact]
    public Task MixedLoadForAMoment() => RunAsync(TimeSpan.FromSeconds(15));

    [Fact]
    [Trait("Category", "Soak")]
    public Task MixedLoadForFiveMinutes() => RunAsync(TimeSpan.FromSeconds(Number("BANYAN_SOAK_SECONDS") ?? 300));

    private static async Task RunAsync(TimeSpan time)
    {
        var seed = Number("BANYAN_SOAK_SEED") ?? Random.Shared.Next();
        var ledger = new SoakLedger();
        await using var mesh = await SoakMesh.StartAsync(ledger, seed);
        var client = new Watch("the clients' sidecar", mesh.Client);
        var server = new Watch("the backends' sidecar", mesh.Server);

        using var harmless = new CancellationTokenSource();
        using var enough = new CancellationTokenSource();
        var clients = Enum.GetValues<SoakProtocol>().SelectMany((protocol, i) =>
            SoakClient.Some(ledger, protocol, mesh.Port(protocol), HashCode.Combine(seed, i), count: protocol == SoakProtocol.Http1 ? 6 : 3)).ToList();
        var load = Task.WhenAll(clients.Select(one => Task.Run(() => one.RunAsync(enough.Token))));
        var harm = Task.Run(() => mesh.HarmAsync(new Random(seed), harmless.Token));
        using (var second = new PeriodicTimer(TimeSpan.FromSeconds(1)))
        {
            for (var left = time; left > TimeSpan.Zero && !harm.IsCompleted; left -= second.Period)
            {
                await second.WaitForNextTickAsync();
                client.Sample();
                server.Sample();
                if (left > time * 0.7 && left - second.Period <= time * 0.7)
                {
                    await client.CollectAsync();
                    await server.CollectAsync();
                }
            }
        }

        await client.CollectAsync();
        await server.CollectAsync();

        await harmless.CancelAsync();
        await harm;
        await enough.CancelAsync();
        await Eventually.WithinAsync(load, "the end of what was under way", EndDeadline);
        clients.ForEach(one => one.Dispose());

        var report = string.Create(CultureInfo.InvariantCulture, $"seed {seed}, {time.TotalSeconds} s\n{ledger}\n{client}\n{server}");
        TestContext.Current.TestOutputHelper?.WriteLine($"{report}\n{string.Join('\n', ledger.Doubtful.Take(20))}");
        Assert.True(ledger.Complaints.Count == 0, $"{string.Join('\n', ledger.Complaints.Take(20))}\n{report}");
        await mesh.AwaitDrainedAsync();
        await client.CheckEndAsync();
        await server.CheckEndAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"at the end\n{client}\n{server}");
    }

    private static int? Number(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>What a sidecar holds over the time.</summary>
    private sealed class Watch(string name, TestMesh sidecar)
    {
        private readonly SoakVitals _first = SoakVitals.Of(sidecar.Proxy);
        private readonly List<SoakVitals> _samples = [];
        private readonly List<long> _live = [];

        private SoakVitals Early => SoakVitals.Usual(_samples, 0.2, 0.35);

        private SoakVitals Late => SoakVitals.Usual(_samples, 0.85, 1);

        public void Sample() => _samples.Add(SoakVitals.Of(sidecar.Proxy));

        /// <summary>Reads what its objects take.</summary>
        public async Task CollectAsync()
        {
            using var admin = UnixSocketClient.Create(sidecar.AdminSocket);
            using var page = JsonDocument.Parse(await admin.GetStringAsync("/counters/heap"));
            _live.Add(page.RootElement.GetProperty("live").GetInt64());
        }

        /// <summary>Memory did not grow under load, and with the connections went their descriptors.</summary>
        public async Task CheckEndAsync()
        {
            Sample();
            await CollectAsync();
            var end = _samples[^1];
            Assert.True(_live.Skip(1).All(live => live - _live[0] < MostLiveGrowth), $"{this}");
            Assert.True(Late.Anonymous - Early.Anonymous < MostGrowth, $"{this}");
            Assert.True(end.Descriptors <= _first.Descriptors + MostKeptDescriptors, $"{this}");
        }

        public override string ToString() => $"{name}: {_first} at first, {Early} early, {Late} late, {_samples[^1]} last; live {string.Join(", ", _live)} bytes";
    }
}
