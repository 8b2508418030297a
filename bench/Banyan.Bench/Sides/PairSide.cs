namespace Banyan.Bench.Sides;

/// <summary>Two sidecars one behind the other, with one way of travelling between them.</summary>
internal sealed class PairSide : Side
{
    private readonly BanyanSide _caller;
    private readonly BanyanSide _callee;

    private PairSide(BanyanSide caller, BanyanSide callee)
        : base(caller.Name, "", caller.Process, caller.Port)
    {
        _caller = caller;
        _callee = callee;
    }

    public override IReadOnlyList<int> Pids => [_caller.Pid, _callee.Pid];

    public override string? Resources => _caller.Resources;

    /// <param name="run">The run.</param>
    /// <param name="proxy">The binary.</param>
    /// <param name="backend">The application.</param>
    /// <param name="hop">http1, http2 or adaptive.</param>
    public static PairSide Start(BenchRun run, string proxy, BackendSide backend, string hop)
    {
        var callee = BanyanSide.StartCallee(run, proxy, backend.Ports[0]);
        return new PairSide(BanyanSide.StartCaller(run, proxy, callee.Port, hop), callee);
    }
}
