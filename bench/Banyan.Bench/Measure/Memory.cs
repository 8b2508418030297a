using System.Globalization;
using Banyan.Bench.Processes;

namespace Banyan.Bench.Measure;

/// <summary>What a process holds, in bytes. RSS counts shared pages in full, PSS by share; anonymous pages are its own.</summary>
internal sealed record Memory(long Rss, long Pss, long Anonymous)
{
    public static Memory Of(int pid) => ProcessTree.Of(pid).Select(One).Aggregate((a, b) =>
        new Memory(a.Rss + b.Rss, a.Pss + b.Pss, a.Anonymous + b.Anonymous));

    private static Memory One(int pid)
    {
        var rollup = Fields($"/proc/{pid}/smaps_rollup");
        return new Memory(rollup("Rss"), rollup("Pss"), Fields($"/proc/{pid}/status")("RssAnon"));
    }

    private static Func<string, long> Fields(string path)
    {
        var lines = File.ReadAllLines(path);
        return name =>
        {
            var line = Array.Find(lines, l => l.StartsWith(name + ":", StringComparison.Ordinal))
                ?? throw new BenchFailure($"{path} has no {name}");
            return 1024 * long.Parse(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        };
    }
}
