using Banyan.Proxy.Accept;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy.Tls;

/// <summary>What one reactor secures the way to and from other sidecars with. Its contexts may be replaced while it runs.</summary>
/// <remarks>Connections keep the context they began with; whoever begins takes the one of now. <see cref="Replace"/> may be called from
/// any thread, the rest is the reactor's.</remarks>
internal sealed class HopSecurity(TlsStage stage) : IDisposable
{
    private Pair? _now;

    internal TlsStage Stage => stage;

    /// <summary>False until there is a certificate: nothing meshed is accepted or called before.</summary>
    internal bool IsEquipped => Volatile.Read(ref _now) is not null;

    /// <summary>The own certificate has run out: every peer would refuse it.</summary>
    internal bool IsExpired => Volatile.Read(ref _now) is { Client.IsExpired: true };

    /// <summary>Takes two contexts over, and gives back those of before.</summary>
    internal void Replace(TlsContext server, TlsContext client) => Interlocked.Exchange(ref _now, new Pair(server, client))?.Dispose();

    /// <summary>Breaks off what is open with a certificate that was denied since, in both roles. Callable from any thread.</summary>
    internal void CloseDenied() => stage.Loop.Post(
        () => stage.Loop.ForEach(static sock => (sock.Layer as TlsConnection)?.CloseIfDenied()));

    public void Dispose() => Interlocked.Exchange(ref _now, null)?.Dispose();

    /// <summary>Lets a connection in, or not: what the application of this side opened is none of another sidecar's.</summary>
    internal static ReactorTask<bool> Admit(Downstream client) =>
        client.Acceptor.Config is not { Role: ListenerRole.Inbound, Security: not ListenerSecurity.Plaintext and var security }
            || client.ConnectTarget is not null
            ? new ReactorTask<bool>(null, result: true)
            : Admit(client, security == ListenerSecurity.Strict);

    private static async ReactorTask<bool> Admit(Downstream client, bool isStrict)
    {
        var worker = client.Worker;
        if (!isStrict)
        {
            switch (await HopHello.Look(client))
            {
                case HopHello.Verdict.Gone:
                    return false;
                case HopHello.Verdict.Plaintext:
                    return true;
                default:
                    break;
            }
        }

        // Without an identity nobody can be let in who wants to know whom it meets.
        if (worker.Security is not { } security
            || !await security.Accept(client.Sock, worker.Loop.NowMs + TlsStage.DefaultTimeoutMs))
        {
            return false;
        }

        client.Peer = HopPeer.Verified(((TlsConnection)client.Sock.Layer!).PeerId);
        return true;
    }

    /// <summary>Lets a client in, or not; the socket stays the caller's.</summary>
    internal async ReactorTask<bool> Accept(Sock sock, long deadline) =>
        Begin(sock, TlsRole.Server, target: null) is { } connection && await stage.Handshake(connection, sock, deadline);

    /// <summary>Makes sure of a server, or not; the socket stays the caller's.</summary>
    internal async ReactorTask<bool> Connect(Sock sock, TlsTarget target, long deadline) =>
        Begin(sock, TlsRole.Client, target) is { } connection && await stage.Handshake(connection, sock, deadline);

    private TlsConnection? Begin(Sock sock, TlsRole role, TlsTarget? target)
    {
        // A context that was replaced this instant is gone: the next one is there by then.
        for (var attempt = 0; attempt < 3; attempt++)
        {
            if (Volatile.Read(ref _now) is not { } pair)
            {
                return null;
            }

            var context = role == TlsRole.Server ? pair.Server : pair.Client;
            if (context.TryRetain())
            {
                try
                {
                    return new TlsConnection(sock, context, target);
                }
                catch (TlsException)
                {
                    // Memory has run out: it ends here, and nobody goes on in plaintext.
                    return null;
                }
                finally
                {
                    context.Release();
                }
            }
        }

        return null;
    }

    private sealed record Pair(TlsContext Server, TlsContext Client) : IDisposable
    {
        public void Dispose()
        {
            Server.Dispose();
            Client.Dispose();
        }
    }
}
