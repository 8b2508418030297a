using System.Globalization;
using Banyan.Testing;

namespace Banyan.Mesh.Tests.Soak;

/// <summary>What a process holds at one moment.</summary>
/// <param name="Descriptors">Open file descriptors.</param>
/// <param name="Anonymous">Bytes of its own: heap, stacks, buffers.</param>
internal sealed record SoakVitals(int Descriptors, long Anonymous)
{
    public static SoakVitals Of(TestProcess process) =>
        new(Directory.GetFileSystemEntries($"/proc/{process.Id}/fd").Length, ProcessMemory.Of(process.Id).Anonymous);

    /// <summary>What was usual over a part of the time.</summary>
    public static SoakVitals Usual(IReadOnlyList<SoakVitals> samples, double from, double to)
    {
        var part = samples.Skip((int)(samples.Count * from)).Take(Math.Max(1, (int)(samples.Count * (to - from)))).ToList();
        return new SoakVitals((int)Middle(part.Select(sample => (long)sample.Descriptors)), Middle(part.Select(sample => sample.Anonymous)));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Descriptors} descriptors, {Anonymous / 1e6:0.0} MB");

    private static long Middle(IEnumerable<long> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }
}
