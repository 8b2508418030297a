using System.Buffers.Binary;

namespace Banyan.Bench.Load;

/// <summary>
/// Answers requests of HTTP/2, all of them alike: the fields of a request are never decoded. Kept are the windows of the
/// connection in both directions and what is asked in SETTINGS and PING.
/// </summary>
internal sealed unsafe class Http2Connection(int fd, Http2Answer answer) : BackendConnection(fd)
{
    private const int FrameHead = 9, PrefaceBytes = 24;
    private const int MaxFrame = 16_384, DefaultWindow = 65_535;
    private const byte Data = 0, Headers = 1, Reset = 3, Settings = 4, Ping = 6, WindowUpdate = 8;
    private const byte EndStream = 1, Ack = 1;
    private const int HeaderTableSize = 1, InitialWindowSize = 4;

    // 100 streams at a time are what most servers allow and RFC 9113, 6.5.2 recommends as the least.
    private static ReadOnlySpan<byte> OwnSettings => [0, 0, 6, Settings, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100];

    private byte[] _output = GC.AllocateUninitializedArray<byte>(16 * 1024, pinned: true);
    private int _length;
    private bool _isGreeted, _hasAnswered;
    private bool _hasTable = true;
    private long _window = DefaultWindow;
    private int _received;
    private Queue<int> _waiting = new();

    protected override int Take(byte* bytes, int length)
    {
        _length = 0;
        var input = new ReadOnlySpan<byte>(bytes, length);
        var at = 0;
        if (!_isGreeted)
        {
            if (length < PrefaceBytes)
            {
                return 0;
            }

            if (!input.StartsWith("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8))
            {
                return Broken;
            }

            OwnSettings.CopyTo(Room(OwnSettings.Length));
            _isGreeted = true;
            at = PrefaceBytes;
        }

        while (length - at >= FrameHead)
        {
            var size = BinaryPrimitives.ReadInt32BigEndian(input[at..]) >>> 8;
            if (size > MaxFrame)
            {
                return Broken;
            }

            if (length - at < FrameHead + size)
            {
                break;
            }

            var stream = BinaryPrimitives.ReadInt32BigEndian(input[(at + 5)..]) & int.MaxValue;
            if (!Handle(input[at + 3], input[at + 4], stream, input.Slice(at + FrameHead, size)))
            {
                return Broken;
            }

            at += FrameHead + size;
        }

        GiveBack();
        fixed (byte* output = _output)
        {
            // The array is pinned for good: what a full socket leaves behind is sent from it later.
            _ = Send(output, _length);
        }

        return at;
    }

    private bool Handle(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        switch (type)
        {
            case Data or Headers:
                _received += type == Data ? payload.Length : 0;
                if ((flags & EndStream) != 0)
                {
                    _waiting.Enqueue(stream);
                    AnswerWaiting();
                }

                return true;
            case Settings when (flags & Ack) == 0:
                Frame(Settings, Ack, []);
                return Read(payload);
            case Ping when (flags & Ack) == 0:
                Frame(Ping, Ack, payload);
                return true;
            case WindowUpdate when stream == 0:
                _window += BinaryPrimitives.ReadUInt32BigEndian(payload);
                AnswerWaiting();
                return true;
            case Reset when _waiting.Contains(stream):
                _waiting = new Queue<int>(_waiting.Where(waiting => waiting != stream));
                return true;
            default:
                return true;
        }
    }

    /// <summary>False when an answer would not fit into the window of a stream, which no client is known to ask for.</summary>
    private bool Read(ReadOnlySpan<byte> settings)
    {
        for (; settings.Length >= 6; settings = settings[6..])
        {
            var value = BinaryPrimitives.ReadUInt32BigEndian(settings[2..]);
            switch (BinaryPrimitives.ReadUInt16BigEndian(settings))
            {
                case HeaderTableSize when !_hasAnswered:
                    _hasTable = value >= Http2Answer.TableBytes;
                    break;
                case InitialWindowSize when value < answer.BodyBytes:
                    return false;
            }
        }

        return true;
    }

    private void AnswerWaiting()
    {
        while (_window >= answer.BodyBytes && _waiting.TryDequeue(out var stream))
        {
            var prepared = (_hasTable, _hasAnswered) switch
            {
                (true, true) => answer.Later,
                (true, false) => answer.First,
                (false, true) => answer.LaterWithoutTable,
                (false, false) => answer.FirstWithoutTable,
            };
            prepared.Write(Room(prepared.Bytes.Length), stream);
            _hasAnswered = true;
            _window -= answer.BodyBytes;
        }
    }

    /// <summary>Opens the connection's window again before half of it is used; those of the streams are larger than a request.</summary>
    private void GiveBack()
    {
        if (_received > DefaultWindow / 2)
        {
            Span<byte> increment = stackalloc byte[4];
            BinaryPrimitives.WriteInt32BigEndian(increment, _received);
            Frame(WindowUpdate, 0, increment);
            _received = 0;
        }
    }

    private void Frame(byte type, byte flags, ReadOnlySpan<byte> payload)
    {
        var output = Room(FrameHead + payload.Length);
        output[..FrameHead].Clear();
        output[2] = (byte)payload.Length;
        output[3] = type;
        output[4] = flags;
        payload.CopyTo(output[FrameHead..]);
    }

    private Span<byte> Room(int size)
    {
        if (_output.Length - _length < size)
        {
            var larger = GC.AllocateUninitializedArray<byte>(2 * (_output.Length + size), pinned: true);
            _output.AsSpan(0, _length).CopyTo(larger);
            _output = larger;
        }

        _length += size;
        return _output.AsSpan(_length - size, size);
    }
}
