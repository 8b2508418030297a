using Banyan.Proxy.Http2;
using Banyan.Proxy.Reactor;
using Banyan.Wire.Http2;

namespace Banyan.Proxy.WorkloadApi;

/// <summary>One caller's connection; each of its streams is a <see cref="WorkloadApiCall"/>.</summary>
internal sealed class WorkloadApiConnection(WorkloadApiContext context, Sock sock, Caller caller)
    : Http2ServerRole(context.Reactor, sock, StallMs)
{
    private const int MostStreams = 16;
    private const long StallMs = 60_000;
    private const long PrefaceMs = 5_000;

    /// <summary>Who is at the other end.</summary>
    internal Caller Caller => caller;

    private protected override long HeadMs => PrefaceMs;

    /// <summary>Speaks HTTP/2 until the connection is over.</summary>
    internal async ReactorTask Run()
    {
        if (await ReadPreface())
        {
            WritePreface(client: false);
            await Read();
        }
    }

    /// <summary>There is something new to tell.</summary>
    internal void Wake()
    {
        foreach (var stream in Streams.Values)
        {
            stream.WakeReader();
        }
    }

    private protected override ErrorCode OnHead(int id, FieldBlockStatus status, ReadOnlySpan<byte> text, bool end, RequestKind kind)
    {
        if (status != FieldBlockStatus.Ok || kind != RequestKind.Plain)
        {
            return Refuse(id, ErrorCode.ProtocolError);
        }

        if (GoingAway || Streams.Count >= MostStreams)
        {
            return Refuse(id, ErrorCode.RefusedStream);
        }

        var stream = OpenStream(id, keeps: false);
        stream.EndReceived = end;
        stream.HeadComplete = true;
        stream.Head = Copy(text);
        new WorkloadApiCall(context, this, stream).Run().Forget();
        return ErrorCode.NoError;
    }

    private protected override void OnStreamReset(Http2Stream stream)
    {
        // The call waits on its stream, and was woken.
    }

    private protected override void OnStreamError(Http2Stream stream, ErrorCode code)
    {
        // The same: the stream was reset.
    }

    private protected override void OnLessToDo() => EndIfDone();

    private protected override void OnEnd()
    {
        // Every stream was reset, and its call sees it.
    }

    private protected override bool GoesOn(Wait wait)
    {
        if (wait == Wait.TimedOut && Streams.Count == 0)
        {
            Shutdown();
        }

        return IsOpen;
    }

    private async ReactorTask<bool> ReadPreface()
    {
        var deadline = Context.Loop.NowMs + PrefaceMs;
        var received = new byte[4096];
        var have = 0;
        while (have < Preface.Bytes.Length)
        {
            var n = await Sock.Readable(deadline) == Wait.Ready ? Sock.TryRead(received.AsSpan(have)) : 0;
            if (n is 0 or Sock.Failed)
            {
                return false;
            }

            have += Math.Max(n, 0);
            var known = Math.Min(have, Preface.Bytes.Length);
            if (!received.AsSpan(0, known).SequenceEqual(Preface.Bytes[..known]))
            {
                return false;
            }
        }

        Take(received.AsSpan(Preface.Bytes.Length, have - Preface.Bytes.Length));
        return true;
    }
}
