using System.Text;
using Banyan.Proxy.Http2;
using Banyan.Proxy.Reactor;
using Banyan.Wire.Http2;
using Banyan.Xds.Grpc;
using Google.Protobuf;

namespace Banyan.Proxy.Xds;

/// <summary>What happens on a call that streams both ways. Called on its loop's thread, in order.</summary>
internal interface IGrpcEvents
{
    /// <summary>It was begun: <see cref="GrpcStream.Send"/> reaches the other end.</summary>
    void Opened();

    /// <summary>The other end accepted it.</summary>
    void Confirmed();

    /// <summary>A whole message came.</summary>
    void Received(byte[] message);
}

/// <summary>One call of gRPC on a stream of HTTP/2. Lives on one event loop.</summary>
/// <param name="context">The thread it lives on.</param>
/// <param name="stream">Fresh.</param>
/// <param name="path">The method.</param>
/// <param name="events">Told what happens.</param>
/// <param name="single">The first request is the only one; else it streams both ways.</param>
internal sealed class GrpcStream(ReactorContext context, Http2Stream stream, string path, IGrpcEvents events, bool single = false)
{
    private readonly MessageAssembler _messages = new();
    private readonly Queue<byte[]> _requests = new();
    private int _sent;
    private bool _sending;
    private bool _over;
    private bool _answered;

    /// <summary>The status that the other end closed it with; null while it has not.</summary>
    internal GrpcStatusCode? Status { get; private set; }

    /// <summary>From the request's head to the end of the stream: whether a message came, and why it ended.</summary>
    internal async ReactorTask<(bool Answered, string Reason)> Run(Uri control)
    {
        var head = $"POST {path} HTTP/1.1\r\nhost: {control.Authority}\r\n"
            + $"content-type: {GrpcTrailers.ContentType}\r\nte: trailers\r\n\r\n";
        stream.Connection.SendHead(stream, Encoding.ASCII.GetBytes(head), end: false, request: true);

        // Many servers send their head only with their first message: waiting for it before asking would be waiting for ever.
        events.Opened();
        var reason = await Head();
        while (reason is null)
        {
            reason = Messages();
            if (reason is null && (stream.EndReceived || stream.IsReset))
            {
                reason = End();
            }

            if (reason is null)
            {
                await stream.Readable(long.MaxValue);
            }
        }

        await Leave();
        return (_answered, reason);
    }

    /// <summary>Puts a request into the queue of the stream.</summary>
    internal void Send(IMessage request)
    {
        if (_over)
        {
            return;
        }

        var size = request.CalculateSize();
        var frame = new byte[GrpcFrame.PrefixLength + size];
        GrpcFrame.WritePrefix(frame, size);
        request.WriteTo(frame.AsSpan(GrpcFrame.PrefixLength));
        _requests.Enqueue(frame);
        if (!_sending)
        {
            SendQueued().Forget();
        }
    }

    /// <summary>Ends it from this side.</summary>
    internal void Cancel()
    {
        if (!_over)
        {
            stream.Connection.SendReset(stream, ErrorCode.Cancel);
        }
    }

    /// <summary>Null when the call was accepted, else why not.</summary>
    private async ReactorTask<string?> Head()
    {
        while (!stream.HeadComplete)
        {
            if (stream.IsReset)
            {
                return Lost();
            }

            await stream.Readable(long.MaxValue);
        }

        // Interim responses stand before the final one.
        var text = Encoding.Latin1.GetString(stream.Head!.Valid);
        var behind = text.LastIndexOf("\r\n\r\nHTTP/1.1 ", StringComparison.Ordinal);
        var final = text.AsSpan(behind < 0 ? 0 : behind + "\r\n\r\n".Length);
        var status = final["HTTP/1.1 ".Length..][..3];
        if (status is not "200")
        {
            return $"the control plane answered {status}";
        }

        if (Field(final, GrpcTrailers.Status) is not null)
        {
            return Describe(final);
        }

        events.Confirmed();
        return null;
    }

    /// <summary>Hands over the messages that are complete; null while the stream is readable gRPC.</summary>
    private string? Messages()
    {
        for (var bytes = stream.Unread; !bytes.IsEmpty; bytes = stream.Unread)
        {
            var rest = bytes;
            var status = _messages.Take(ref rest, out var message);
            if (status is not (GrpcFrameStatus.Complete or GrpcFrameStatus.Incomplete))
            {
                return $"the control plane sent a bad gRPC message: {status}";
            }

            stream.Consume(bytes.Length - rest.Length);
            if (message is not null)
            {
                _answered = true;
                events.Received(message);
            }
        }

        return null;
    }

    private string End() => !stream.EndReceived ? Lost()
        : !_messages.IsBetweenMessages ? "the stream ended within a message"
        : Describe(stream.Trailers is { } trailers ? Encoding.Latin1.GetString(trailers.Valid) : "");

    private string Lost() => stream.ResetByPeer ? $"the control plane reset the stream: {stream.ResetCode}"
        : stream.Connection.IsOpen && !stream.Malformed ? "the stream was ended from this side"
        : stream.Malformed ? "the control plane sent malformed HTTP/2"
        : "the connection was lost";

    private string Describe(ReadOnlySpan<char> fields)
    {
        var status = GrpcTrailers.ParseStatus(Field(fields, GrpcTrailers.Status));
        Status = status;
        var message = GrpcTrailers.DecodeMessage(Field(fields, GrpcTrailers.Message));
        return $"the control plane ended the stream: {status} {message}".TrimEnd();
    }

    private static string? Field(ReadOnlySpan<char> lines, string name)
    {
        foreach (var line in lines.EnumerateLines())
        {
            if (line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] == ':')
            {
                return line[(name.Length + 1)..].Trim(' ').ToString();
            }
        }

        return null;
    }

    private async ReactorTask SendQueued()
    {
        _sending = true;
        while (!_over && !stream.IsReset && _requests.TryPeek(out var frame))
        {
            _sent += stream.Connection.SendData(stream, frame.AsSpan(_sent), end: single);
            if (_sent < frame.Length)
            {
                await stream.Writable(long.MaxValue);
                continue;
            }

            _sent = 0;
            _requests.Dequeue();
        }

        _sending = false;
    }

    /// <summary>Gives the stream back once nobody looks at it any more.</summary>
    private async ReactorTask Leave()
    {
        _over = true;
        var connection = stream.Connection;
        connection.SendReset(stream, ErrorCode.Cancel);
        while (_sending)
        {
            await context.Loop.Yield();
        }

        connection.CloseStream(stream, ErrorCode.Cancel);
    }
}
