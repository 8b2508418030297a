using Banyan.Proxy.Record;

namespace Banyan.Proxy.WorkloadApi;

/// <summary>What the connections of the Workload API share.</summary>
/// <param name="Reactor">The thread they live on.</param>
/// <param name="Svids">What they hand out.</param>
/// <param name="Workload">To whom.</param>
/// <param name="Log">Where refusals are told.</param>
internal sealed record WorkloadApiContext(ReactorContext Reactor, SvidKeeper Svids, WorkloadProcess Workload, ProxyLog Log)
{
    /// <summary>Between two lines: callers decide how many there would be.</summary>
    private const long LogPauseMs = 1_000;

    private long _toldMs = -LogPauseMs;

    /// <summary>Tells of a caller that is not the workload.</summary>
    internal void Refused(Caller caller, string reason)
    {
        if (Reactor.Loop.NowMs - _toldMs >= LogPauseMs)
        {
            _toldMs = Reactor.Loop.NowMs;
            Log.Write(LogLevel.Warn, "workload-api-refused", reason, new LogField("pid", caller.Pid), new LogField("session", caller.Session));
        }
    }
}
