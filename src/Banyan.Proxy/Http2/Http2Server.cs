using Banyan.Proxy.Accept;
using Banyan.Proxy.Forward;
using Banyan.Proxy.Http;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Wire.Http1;
using Banyan.Wire.Http2;

namespace Banyan.Proxy.Http2;

/// <summary>The server's role: every stream of a client becomes an exchange that goes through the stages of <see cref="Flow"/>.</summary>
internal sealed class Http2Server : Http2ServerRole
{
    private readonly Downstream _client;

    private Http2Server(Downstream client)
        : base(client.Worker, client.Sock, (long)client.Acceptor.Config.Http.StreamIdle.TotalMilliseconds is var idle and > 0 ? idle : int.MaxValue) =>
        _client = client;

    private Worker Worker => _client.Worker;

    private protected override long HeadMs =>
        _client.Acceptor.Config.Http.HeadTimeout is var time && time > TimeSpan.Zero ? (long)time.TotalMilliseconds : long.MaxValue;

    /// <summary>Speaks HTTP/2 until the connection is over. The client's buffer begins with the preface, whole or in part.</summary>
    internal static async ReactorTask Run(Downstream client)
    {
        if (!await ReadPreface(client))
        {
            client.Worker.Count(Counter.MalformedRequests);
            return;
        }

        var connection = new Http2Server(client);
        client.Worker.Count(Counter.Http2Connections);
        client.Idle = true;
        connection.Take(client.In!.Valid[Preface.Bytes.Length..]);
        client.Consume(client.In.End);
        connection.WritePreface(client: false);
        await connection.Read();
        if ((connection.Failed || connection.GoingAway) && !client.Sock.IsCutOff)
        {
            // What was not read would reset the connection and take the GOAWAY, or the end of the last answer, with it.
            await Linger.Drain(client);
        }
    }

    private protected override ErrorCode OnHead(int id, FieldBlockStatus status, ReadOnlySpan<byte> text, bool end, RequestKind kind)
    {
        if (status == FieldBlockStatus.Malformed)
        {
            Worker.Count(Counter.MalformedRequests);
            return Refuse(id, ErrorCode.ProtocolError);
        }

        if (GoingAway || Streams.Count >= MaxStreams)
        {
            Worker.Count(Counter.Http2StreamsRefused);
            return Refuse(id, ErrorCode.RefusedStream);
        }

        var stream = OpenStream(id, keeps: true);
        stream.EndReceived = end;
        stream.HeadComplete = true;
        _client.Idle = false;
        var x = Worker.Rent();
        stream.Exchange = x;
        var failure = status == FieldBlockStatus.TooLarge ? Failure.RequestHeadTooLarge : Failure.None;
        stream.Head = Copy(text);
        x.Begin(_client, stream);
        if (failure == Failure.None)
        {
            failure = Parse(x, stream, end, kind);
        }

        if (failure == Failure.MalformedRequest)
        {
            // A malformed request is a stream error, not an answer (RFC 9113 §8.1.1).
            Worker.Count(Counter.MalformedRequests);
            SendReset(stream, ErrorCode.ProtocolError);
        }

        Flow.Stream(x, failure).Forget();
        return ErrorCode.NoError;
    }

    private protected override void OnStreamReset(Http2Stream stream) => stream.Exchange?.Abort(Failure.ClientGone);

    private protected override void OnStreamError(Http2Stream stream, ErrorCode code) =>
        stream.Exchange?.Abort(Failure.MalformedRequest);

    private protected override void OnLessToDo()
    {
        _client.Idle = Streams.Count == 0 && Out.Count == 0;
        var role = _client.Acceptor.Config.Role;
        if (Worker.Drains(role) || Worker.IsOver(role))
        {
            Shutdown();
        }
        else
        {
            EndIfDone();
        }
    }

    private protected override void OnEnd()
    {
        foreach (var stream in Streams.Values)
        {
            stream.Exchange?.Abort(Failure.ClientGone);
        }
    }

    private protected override bool GoesOn(Wait wait)
    {
        var role = _client.Acceptor.Config.Role;
        if (Worker.Drains(role) || Worker.IsOver(role) || (wait == Wait.TimedOut && Streams.Count == 0))
        {
            Shutdown();
        }

        return IsOpen && !Sock.IsCutOff;
    }

    private static Failure Parse(Exchange x, Http2Stream stream, bool end, RequestKind kind)
    {
        var request = x.Request;
        switch (RequestParser.Parse(stream.Head!.Valid, request))
        {
            case ParseStatus.Complete:
                break;
            case ParseStatus.TooLarge:
                return Failure.RequestHeadTooLarge;
            default:
                return Failure.MalformedRequest;
        }

        request.Close = false;
        if (kind != RequestKind.Plain)
        {
            // What follows are the tunnel's bytes, not a body; a request for h2c is none for a tunnel.
            var tunnel = kind == RequestKind.Connect || request.Upgrade;
            return tunnel && request.ContentLength <= 0 ? Failure.None : Failure.MalformedRequest;
        }

        request.Upgrade = false;
        stream.Expected = request.ContentLength;
        if (end && request.ContentLength > 0)
        {
            return Failure.MalformedRequest;
        }

        if (end)
        {
            request.Framing = BodyFraming.None;
        }
        else if (request.Framing == BodyFraming.None)
        {
            // No length: the body lasts until END_STREAM.
            request.Framing = BodyFraming.Chunked;
        }

        return Failure.None;
    }

    private static async ReactorTask<bool> ReadPreface(Downstream client)
    {
        var deadline = client.Worker.Loop.NowMs + (long)client.Acceptor.Config.Http.HeadTimeout.TotalMilliseconds;
        while (true)
        {
            var have = Math.Min(client.In!.Count, Preface.Bytes.Length);
            if (!client.In.Valid[..have].SequenceEqual(Preface.Bytes[..have]))
            {
                return false;
            }

            if (have == Preface.Bytes.Length)
            {
                return true;
            }

            if (await client.Sock.Readable(deadline) != Wait.Ready)
            {
                return false;
            }

            var n = client.Sock.TryRead(client.In.Room);
            if (n is 0 or Sock.Failed)
            {
                return false;
            }

            client.In.End += Math.Max(n, 0);
        }
    }
}
