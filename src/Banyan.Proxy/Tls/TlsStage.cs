using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;

namespace Banyan.Proxy.Tls;

/// <summary>Stage "secure": the handshakes of one reactor, one after the other, and what they are counted as.</summary>
/// <remarks>A full handshake takes about 2 ms of the thread. So only a few steps are made in one turn of the loop, and only so many
/// handshakes are under way at once; the others wait their turn, first come first served, until their deadline.</remarks>
/// <param name="context">The thread.</param>
/// <param name="refusals">Counts by <see cref="TlsRefusal"/>; only this thread writes them.</param>
/// <param name="limit">Handshakes under way at once.</param>
internal sealed class TlsStage(ReactorContext context, long[] refusals, int limit = TlsStage.DefaultLimit)
{
    internal const int DefaultLimit = 256;

    /// <summary>How long a handshake may take, milliseconds.</summary>
    internal const long DefaultTimeoutMs = 10_000;

    /// <summary>Steps of handshakes in one turn of the loop.</summary>
    private const int StepsInTurn = 2;

    private readonly Queue<Gate> _waiting = new();
    private int _steps;
    private Action? _endTurn;

    /// <summary>Handshakes under way.</summary>
    internal int Active { get; private set; }

    /// <summary>Handshakes that wait until others are done.</summary>
    internal int Waiting => _waiting.Count;

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

        if (Active >= limit)
        {
            context.Count(Counter.TlsHandshakesDelayed);
            var gate = new Gate(context.Loop);
            _waiting.Enqueue(gate);
            if (await gate.Until(deadline) is var turn and not Wait.Ready)
            {
                return Over(connection, turn);
            }
        }
        else
        {
            Active++;
        }

        context.Count(Counter.TlsHandshakesActive);
        try
        {
            return await Shake(connection, sock, deadline);
        }
        finally
        {
            context.Count(Counter.TlsHandshakesActive, -1);
            Leave();
        }
    }

    /// <summary>Counts a connection that failed after its handshake.</summary>
    internal void Failed(TlsConnection connection)
    {
        if (connection.End == TlsEnd.Truncated)
        {
            context.Count(Counter.TlsTruncations);
        }

        refusals[(int)connection.Refusal]++;
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
    private void Leave()
    {
        while (_waiting.TryDequeue(out var next))
        {
            if (!next.IsCompleted)
            {
                next.Open();
                return;
            }
        }

        Active--;
    }

    private bool Over(TlsConnection connection, Wait wait)
    {
        connection.GiveUp(
            wait == Wait.TimedOut ? TlsRefusal.Timeout : TlsRefusal.Lost,
            wait == Wait.TimedOut ? "the handshake was not done in time" : "the connection was closed during the handshake");
        refusals[(int)connection.Refusal]++;
        return false;
    }
}
