using Banyan.Proxy.Reactor;
using Banyan.Wire.Http2;

namespace Banyan.Proxy.Http2;

/// <summary>What every server of HTTP/2 does alike: whose ids mean what, and how a stream is refused or ends.</summary>
internal abstract class Http2ServerRole(ReactorContext context, Sock sock, long stallMs) : Http2Connection(context, sock, stallMs)
{
    private protected override bool IsClient => false;

    /// <summary>The stream's request is answered.</summary>
    internal void Finished(Http2Stream stream, ErrorCode unfinished)
    {
        if (stream.EndSent && !stream.EndReceived && !stream.IsReset)
        {
            // Answered before the request was complete: the rest is not wanted, and that is no error (RFC 9113 §8.1).
            unfinished = ErrorCode.NoError;
        }

        CloseStream(stream, unfinished);
    }

    private protected override bool IsIdle(int id) => id > LastPeerId || id % 2 == 0;

    private protected override BlockUse UseOf(int id, out Http2Stream? stream, out ErrorCode error)
    {
        error = ErrorCode.ProtocolError;
        stream = null;
        if (id % 2 == 0)
        {
            return BlockUse.Error;
        }

        if (id > LastPeerId)
        {
            LastPeerId = id;
            return BlockUse.Head;
        }

        if (Streams.TryGetValue(id, out stream) && !stream.EndReceived && !stream.IsReset)
        {
            return BlockUse.Trailers;
        }

        // An id that was left out can never be used (RFC 9113 §5.1.1).
        error = stream is not null || WasClosed(id) ? ErrorCode.StreamClosed : ErrorCode.ProtocolError;
        return stream is { IsReset: true, ResetByPeer: false } || (stream is null && WasReset(id)) ? BlockUse.Ignored : BlockUse.Error;
    }

    private protected override FieldBlockStatus Decode(
        HpackDecoder decoder, ReadOnlySpan<byte> block, Span<byte> text, out int length, out RequestKind kind) =>
        decoder.DecodeRequest(block, text, out length, out kind);

    private protected override void OnGoAway(int lastId)
    {
        // The client begins nothing more; what is under way is answered.
    }

    private protected override void OnPeerSettings()
    {
        // Nothing that a server does depends on them.
    }

    private protected ErrorCode Refuse(int id, ErrorCode code)
    {
        WriteReset(id, code);
        MarkReset(id);
        return SpendRefused();
    }
}
