using Banyan.Bench.Report;

namespace Banyan.Bench.Tests;

/// <summary>Resident memory and start time of each build of the proxy.</summary>
internal sealed class MemoryTest : BenchTest
{
    public override string Name => "memory";

    public override TimeSpan Limit(Options options) => TimeSpan.FromSeconds(options.Quick ? 240 : 900);

    public override IReadOnlyList<Row> Run(BenchRun run) => throw new BenchFailure("memory is not measured yet");
}
