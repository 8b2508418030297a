namespace Banyan.Bench.Load;

/// <summary>What one run of a load generator completed.</summary>
internal sealed record LoadResult(long Requests, double Seconds);
