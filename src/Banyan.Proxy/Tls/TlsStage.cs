using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;

namespace Banyan.Proxy.Tls;

/// <summary>Stage "secure": the handshakes of one reactor, one after the other, and what they are counted as.</summary>
/// <remarks>A full handshake takes about 2 ms of the thread. So only a few steps are made in one turn of the loop, and only so many
/// handshakes are under way at once; the others wait their turn, first come first served, until their deadline. Each role has its
/// own places: of two sidecars that call each other, none holds as a client what the other waits for as a server.</remarks>
/// <param name="context">The thread.</param>
/// <param name="refusals">Counts by <see cref="TlsRefusal"/>; only this thread writes them.</param>
/// <param name="limit">Handshakes under way at once, of each role.</param>
internal sealed class TlsStage(ReactorContext context, long[] refusals, int limit = TlsStage.DefaultLimit)
{
    internal const int DefaultLimit = 256;

    /// <summary>How long a handshake may take, milliseconds.</summary>
    internal const long DefaultTimeoutMs = 10_000;

    /// <summary>Steps of handshakes in one turn of the loop.</summary>
    private const int StepsInTurn = 2;

    private readonly Places _servers = new();
    private readonly Places _clients = new();
    private int _steps;
    private Action? _endTurn;

    /// <summary>Handshakes under way.</summary>
    internal int Active => _servers.Taken + _clients.Taken;

    /// <summary>Handshakes that wait until others are done.</summary>
    internal int Waiting => _servers.Waiting.Count + _clients.Waiting.Count;

    /// <summary>The thread.</summary>
    internal EventLoop Loop => context.Loop;

    /// <summary>Makes the handshake; false when it failed, and the connection says why. The socket stays open and the caller's.</summary>
    /// <param name="connection">Fresh.</param>
    /// <param name="deadline">Milliseconds of <see cref="EventLoop.NowMs"/>.</param>
    internal async ReactorTask<bool> Handshake(TlsConnection connection, Sock sock, long deadline)
    {
        // A client that only connects takes nobody's place.
        if (connection.Context.Role == TlsRole.Server && await sock.Readable(deadline) is var wait and not Wait.Ready)
        {
            return Over(connection, wait);
        }

        var places = connection.Context.Role == TlsRole.Server ? _servers : _clients;
        if (places.Taken >= limit)
        {
            context.Count(Counter.TlsHandshakesDelayed);
            var gate = new Gate(context.Loop);
            places.Waiting.Enqueue(gate);
            if (await gate.Until(deadline) is var turn and not Wait.Ready)
            {
                return Over(connection, turn);
            }
        }
        else
        {
            places.Taken++;
        }

        context.Count(Counter.TlsHandshakesActive);
        try
        {
            return await Shake(connection, sock, deadline);
        }
        finally
        {
            context.Count(Counter.TlsHandshakesActive, -1);
            Leave(places);
        }
    }

    /// <summary>Counts a connection that failed after its handshake.</summary>
    internal void Failed(TlsConnection connection)
    {
        if (connection.End == TlsEnd.Truncated)
        {
            context.Count(Counter.TlsTruncations);
        }
        else
        {
            refusals[(int)connection.Refusal]++;
        }
    }

    private async ReactorTask<bool> Shake(TlsConnection connection, Sock sock, long deadline)
    {
        while (true)
        {
            while (_steps >= StepsInTurn)
            {
                await context.Loop.Yield();
            }

            if (!sock.IsOpen)
            {
                return Over(connection, Wait.Cancelled);
            }

            Step();
            var wait = Wait.Ready;
            switch (connection.TryHandshake())
            {
                case HandshakeStep.Done:
                    context.Count(connection.Resumed ? Counter.TlsHandshakesResumed : Counter.TlsHandshakesFull);
                    connection.OnFailure = Failed;
                    return true;
                case HandshakeStep.Failed:
                    refusals[(int)connection.Refusal]++;
                    return false;
                case HandshakeStep.NeedsRead:
                    wait = await sock.Readable(deadline);
                    break;
                default:
                    wait = await sock.Writable(deadline);
                    break;
            }

            if (wait != Wait.Ready)
            {
                return Over(connection, wait);
            }
        }
    }

    private void Step()
    {
        if (_steps++ == 0)
        {
            context.Loop.AtEndOfTurn(_endTurn ??= () => _steps = 0);
        }
    }

    /// <summary>The place goes to the next who still waits, so that none is ever free while somebody does.</summary>
    private static void Leave(Places places)
    {
        while (places.Waiting.TryDequeue(out var next))
        {
            if (!next.IsCompleted)
            {
                next.Open();
                return;
            }
        }

        places.Taken--;
    }

    private bool Over(TlsConnection connection, Wait wait)
    {
        connection.GiveUp(
            wait == Wait.TimedOut ? TlsRefusal.Timeout : TlsRefusal.Lost,
            wait == Wait.TimedOut ? "the handshake was not done in time" : "the connection was closed during the handshake");

        // What this side gave up is no fault of the peer's.
        if (wait == Wait.TimedOut)
        {
            refusals[(int)connection.Refusal]++;
        }

        return false;
    }

    /// <summary>Of one role.</summary>
    private sealed class Places
    {
        internal int Taken { get; set; }

        internal Queue<Gate> Waiting { get; } = new();
    }
}
