using Banyan.Bench.Report;

namespace Banyan.Bench.Tests;

/// <summary>One `bench/run` verb. A new test is a class like this in a file of its own, and a line in Program.cs.</summary>
internal abstract class BenchTest
{
    public abstract string Name { get; }

    /// <summary>After this long the run is stopped.</summary>
    public abstract TimeSpan Limit(Options options);

    public abstract IReadOnlyList<Row> Run(BenchRun run);
}
