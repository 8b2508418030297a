using Banyan.Proxy.Record;

namespace Banyan.Proxy.WorkloadApi;

/// <summary>What the connections of the Workload API share.</summary>
/// <param name="Reactor">The thread they live on.</param>
/// <param name="Svids">What they hand out.</param>
/// <param name="Workload">To whom.</param>
/// <param name="Log">Where refusals are told.</param>
internal sealed record WorkloadApiContext(ReactorContext Reactor, SvidKeeper Svids, WorkloadProcess Workload, ProxyLog Log);
