using Banyan.Proxy.Reactor;
using Banyan.Wire.Http1;

namespace Banyan.Proxy.Http;

/// <summary>How far a body has come: tells which received bytes belong to it. A mutable struct, one per direction of an exchange.</summary>
internal struct BodyProgress
{
    private long _remaining;
    private ChunkedBody _chunks;

    /// <summary>The last byte of the body was seen.</summary>
    internal bool Done { get; private set; }

    /// <summary>The framing is broken; nothing after this can be trusted.</summary>
    internal bool Malformed { get; private set; }

    /// <summary>Takes the trailer section of chunks with its empty line; null where nobody wants it.</summary>
    internal IoBuffer? Trailers { get; set; }

    internal BodyFraming Framing { get; private set; }

    /// <summary>Bytes still to come, when the length is known.</summary>
    internal readonly long Remaining => _remaining;

    internal void Begin(BodyFraming framing, long length)
    {
        Framing = framing;
        _remaining = length;
        _chunks = default;
        Malformed = false;
        Trailers = null;
        Done = framing == BodyFraming.None || (framing == BodyFraming.Length && length == 0);
    }

    /// <summary>How many of these bytes, from the first, belong to the body; advances over them.</summary>
    internal int Take(ReadOnlySpan<byte> bytes)
    {
        if (Done || bytes.IsEmpty)
        {
            return 0;
        }

        if (Framing == BodyFraming.Length)
        {
            var taken = (int)Math.Min(_remaining, bytes.Length);
            _remaining -= taken;
            Done = _remaining == 0;
            return taken;
        }

        return Framing == BodyFraming.UntilClose ? bytes.Length : TakeChunked(bytes, default, out _);
    }

    /// <summary>Copies the data of chunks, without their framing, to <paramref name="output"/> (at least as long as the input).</summary>
    internal int TakeDecoded(ReadOnlySpan<byte> bytes, Span<byte> output, out int written) =>
        TakeChunked(bytes, output, out written);

    /// <summary>The peer closed: the end of a body that lasts until then, a truncation of any other.</summary>
    internal bool EndsAtClose()
    {
        if (Framing == BodyFraming.UntilClose)
        {
            Done = true;
        }

        return Done;
    }

    /// <summary>Somebody else saw the end: a stream's.</summary>
    internal void Finish() => Done = true;

    private int TakeChunked(ReadOnlySpan<byte> bytes, Span<byte> output, out int written)
    {
        var total = 0;
        written = 0;
        while (total < bytes.Length && !Done)
        {
            var trailers = _chunks.InTrailers;
            var step = _chunks.Advance(bytes[total..], out var consumed);
            if (trailers && Trailers is not null && consumed <= Trailers.Room.Length)
            {
                bytes.Slice(total, consumed).CopyTo(Trailers.Room);
                Trailers.End += consumed;
            }

            if (step == ChunkStep.Data && !output.IsEmpty)
            {
                bytes.Slice(total, consumed).CopyTo(output[written..]);
                written += consumed;
            }

            total += consumed;
            if (step == ChunkStep.Malformed)
            {
                Malformed = true;
                break;
            }

            if (step == ChunkStep.NeedMore)
            {
                break;
            }

            Done = step == ChunkStep.End;
        }

        return total;
    }
}
