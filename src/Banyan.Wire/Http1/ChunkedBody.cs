namespace Banyan.Wire.Http1;

/// <summary>What one step over a chunked body found.</summary>
public enum ChunkStep : byte
{
    /// <summary>The consumed bytes are chunk data.</summary>
    Data,

    /// <summary>The consumed bytes are framing (size lines, CRLFs); data or the trailer section follows.</summary>
    Framing,

    /// <summary>Everything given was consumed (as framing or trailers); more is needed.</summary>
    NeedMore,

    /// <summary>The body ended; the consumed bytes are its last.</summary>
    End,

    /// <summary>Refused; Reason says why.</summary>
    Malformed,
}

/// <summary>Incremental, strict chunked transfer coding (RFC 9112 §7.1). A mutable struct of small state; any split of the
/// input gives the same result. The trailer section is bounded by <see cref="HeadLimits"/>.</summary>
/// <remarks>
/// <c>default</c> stands before the first chunk. Once <see cref="InTrailers"/> is true, everything consumed from then on is
/// the trailer section with its final empty line, to be passed on or dropped as it is. Extensions are checked and mean
/// nothing; a proxy that writes its own framing drops them.
/// </remarks>
public partial struct ChunkedBody
{
    /// <summary>Bytes of extensions allowed in one chunk; nobody uses them for anything but attacks.</summary>
    public const int MaxExtensionBytes = 256;

    private const int MaxSizeDigits = 16;

    private State _state;
    private ulong _size;
    private int _digits;
    private int _extensionBytes;
    private TrailerLines _trailers;

    private enum State : byte
    {
        SizeStart,
        Size,
        ExtensionSpace,
        ExtensionNameStart,
        ExtensionName,
        ExtensionNameEnd,
        ExtensionValueStart,
        ExtensionValue,
        Quoted,
        QuotedPair,
        ExtensionValueEnd,
        ExtensionValueSpace,
        SizeLf,
        Data,
        DataCr,
        DataLf,
        Trailers,
        Ended,
        Refused,
    }

    public Malformed Reason { get; private set; }

    /// <summary>The last chunk was seen: what follows is the trailer section.</summary>
    public readonly bool InTrailers => _state is State.Trailers or State.Ended;

    /// <summary>Whether any trailer field was seen.</summary>
    public readonly bool HasTrailers => _trailers.Count > 0;

    /// <summary>Data bytes of the current chunk that are still to come.</summary>
    public readonly long Remaining => _state == State.Data ? (long)_size : 0;

    /// <summary>Advances over the start of <paramref name="bytes"/>; <paramref name="consumed"/> says by how much.</summary>
    public ChunkStep Advance(ReadOnlySpan<byte> bytes, out int consumed)
    {
        consumed = 0;
        if (_state == State.Data && bytes.Length > 0)
        {
            consumed = (int)Math.Min((ulong)bytes.Length, _size);
            _size -= (ulong)consumed;
            _state = _size == 0 ? State.DataCr : State.Data;
            return ChunkStep.Data;
        }

        if (_state >= State.Ended)
        {
            return _state == State.Ended ? ChunkStep.End : ChunkStep.Malformed;
        }

        var trailers = _state == State.Trailers;
        while (consumed < bytes.Length)
        {
            var reason = trailers ? _trailers.Next(bytes[consumed]) : Next(bytes[consumed]);
            if (reason != Malformed.None)
            {
                Reason = reason;
                _state = State.Refused;
                return ChunkStep.Malformed;
            }

            consumed++;
            if (trailers && _trailers.Ended)
            {
                _state = State.Ended;
                return ChunkStep.End;
            }

            if (!trailers && _state is State.Data or State.Trailers)
            {
                return ChunkStep.Framing;
            }
        }

        return ChunkStep.NeedMore;
    }

    private static int HexValue(byte b) => b switch
    {
        >= (byte)'0' and <= (byte)'9' => b - '0',
        >= (byte)'a' and <= (byte)'f' => b - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => b - 'A' + 10,
        _ => -1,
    };

    private Malformed Next(byte b)
    {
        switch (_state)
        {
            case State.SizeStart:
                _size = 0;
                _digits = 0;
                _extensionBytes = 0;
                _state = State.Size;
                if (HexValue(b) < 0)
                {
                    return Malformed.ChunkSize;
                }

                return SizeDigit(b);
            case State.Size:
                return SizeDigit(b);
            case State.SizeLf:
                if (b != '\n')
                {
                    return Malformed.BareCr;
                }

                _state = _size == 0 ? State.Trailers : State.Data;
                return Malformed.None;
            case State.DataCr:
                if (b != '\r')
                {
                    return Malformed.ChunkDataEnd;
                }

                _state = State.DataLf;
                return Malformed.None;
            case State.DataLf:
                if (b != '\n')
                {
                    return Malformed.ChunkDataEnd;
                }

                _state = State.SizeStart;
                return Malformed.None;
            default:
                return Extension(b);
        }
    }

    private Malformed SizeDigit(byte b)
    {
        var value = HexValue(b);
        if (value < 0)
        {
            return SizeEnd(b);
        }

        if (++_digits > MaxSizeDigits)
        {
            return Malformed.ChunkSizeOverflow;
        }

        _size = (_size << 4) | (uint)value;
        if (_size > long.MaxValue)
        {
            return Malformed.ChunkSizeOverflow;
        }

        return Malformed.None;
    }

    private Malformed SizeEnd(byte b)
    {
        switch (b)
        {
            case (byte)'\r':
                _state = State.SizeLf;
                return Malformed.None;
            case (byte)';':
                _state = State.ExtensionNameStart;
                return CountExtension();
            case (byte)' ' or (byte)'\t':
                _state = State.ExtensionSpace;
                return CountExtension();
            default:
                return RefuseSize(b);
        }
    }

    private static Malformed RefuseSize(byte b)
    {
        if (b == '\n')
        {
            return Malformed.BareLf;
        }

        if (HexValue(b) < 0)
        {
            return Malformed.ChunkSize;
        }

        return Malformed.None;
    }
}
