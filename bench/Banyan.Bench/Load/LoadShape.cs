namespace Banyan.Bench.Load;

/// <summary>One parameter set of a closed loop: connections, each with one request at a time, and the size of the answers.</summary>
internal sealed record LoadShape(int Connections, int Body);
