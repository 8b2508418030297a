using Banyan.Proxy.Http;
using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy.Record;

/// <summary>Stage "record": every exchange passes here exactly once.</summary>
internal static class Recorder
{
    /// <summary>Counts a failure by its kind, if it is one.</summary>
    internal static void CountFailure(Worker worker, Failure failure)
    {
        if (failure != Failure.None && failure.Row().Counter is { } counter)
        {
            worker.Count(counter);
        }
    }

    internal static void Record(Exchange x, Failure failure)
    {
        var worker = x.Worker;
        CountFailure(worker, failure);
        var route = x.Route is null ? -1 : x.Route.Index;
        var key = x.Listener.Role == ListenerRole.Inbound
            ? EdgeKey.Server(x.Listener, route, x.Request.Method, x.Status, x.GrpcStatus, x.Client.Peer)
            : EdgeKey.Client(x.Target, route, x.Endpoint?.Config, x.Request.Method, x.Status, x.GrpcStatus, x.Hop);
        worker.Metrics.Edge(key).Record(x.MicrosSince(x.Started));
    }
}
