using Banyan.Bench.Processes;

namespace Banyan.Bench.Sides;

/// <summary>What takes mutual TLS, loaded with a connection for each request. Whoever makes them is an haproxy beside the load: the same for
/// every side.</summary>
internal sealed class HandshakeSide : Side
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(10);
    private readonly Child _server;

    private HandshakeSide(TlsPair pair, Child client, int port)
        : base(pair.Name, pair.Version, client, port) => _server = pair.Callee;

    /// <summary>The server's alone.</summary>
    public override IReadOnlyList<int> Pids => [_server.Pid];

    /// <param name="run">The run.</param>
    /// <param name="pair">Whose callee is asked.</param>
    /// <param name="identities">The caller's is used.</param>
    /// <param name="isResumed">Connections after the first resume a session; otherwise each has a whole handshake.</param>
    public static HandshakeSide Start(BenchRun run, TlsPair pair, BenchIdentities identities, bool isResumed)
    {
        var port = FreePort.Next();
        var reuse = isResumed ? "" : " no-ssl-reuse";
        var alpn = pair.Name == "mesh" ? " alpn banyan-http/1.1" : "";
        var client = HaproxySide.Launch(run, $"handshakes-{pair.Name}{(isResumed ? "-resumed" : "")}", $"""
            frontend hop
              bind 127.0.0.1:{port} backlog 4096
              default_backend app
            backend app
              http-reuse never
              option http-server-close
              server app 127.0.0.1:{pair.Inner} {HaproxySide.Towards(identities)}{alpn}{reuse}
            """, BenchRun.LoadCpu);
        var side = new HandshakeSide(pair, client, port);
        run.Await($"the clients of {pair.Name} listening", ReadyLimit, client, side.Accepts);
        return side;
    }
}
