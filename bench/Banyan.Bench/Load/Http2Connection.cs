using System.Buffers.Binary;

namespace Banyan.Bench.Load;

/// <summary>
/// Answers requests of HTTP/2, all of them alike: the fields of a request are never decoded. Where there is a stream to send, it
/// goes to those whose body is an empty message of gRPC. Kept are the windows of the
/// connection in both directions and what is asked in SETTINGS and PING.
/// </summary>
internal sealed unsafe class Http2Connection(int fd, Http2Answer answer, Http2Answer? stream = null) : BackendConnection(fd)
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
    private Queue<(int Stream, Http2Answer Answer)> _waiting = new();
    private readonly Dictionary<int, int> _bodies = [];

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

            var id = BinaryPrimitives.ReadInt32BigEndian(input[(at + 5)..]) & int.MaxValue;
            if (!Handle(input[at + 3], input[at + 4], id, input.Slice(at + FrameHead, size)))
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

    private bool Handle(byte type, byte flags, int id, ReadOnlySpan<byte> payload)
    {
        switch (type)
        {
            case Data or Headers:
                var isWhole = (flags & EndStream) != 0;
                var body = type == Data ? Received(id, payload.Length, isWhole) : 0;
                if (isWhole)
                {
                    _waiting.Enqueue((id, stream is not null && body == GrpcMessage.PrefixBytes ? stream : answer));
                    AnswerWaiting();
                }

                return true;
            case Settings when (flags & Ack) == 0:
                Frame(Settings, Ack, []);
                return Read(payload);
            case Ping when (flags & Ack) == 0:
                Frame(Ping, Ack, payload);
                return true;
            case WindowUpdate when id == 0:
                _window += BinaryPrimitives.ReadUInt32BigEndian(payload);
                AnswerWaiting();
                return true;
            case Reset when _waiting.Any(waiting => waiting.Stream == id):
                _waiting = new(_waiting.Where(waiting => waiting.Stream != id));
                return true;
            default:
                return true;
        }
    }

    /// <summary>How much of a request's body has come, in one frame as a rule.</summary>
    private int Received(int id, int length, bool isWhole)
    {
        _received += length;
        if (stream is null)
        {
            return length;
        }

        if (_bodies.Remove(id, out var before))
        {
            length += before;
        }

        if (!isWhole)
        {
            _bodies[id] = length;
        }

        return length;
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
                case InitialWindowSize when value < (stream ?? answer).BodyBytes:
                    return false;
            }
        }

        return true;
    }

    private void AnswerWaiting()
    {
        while (_waiting.TryPeek(out var next) && _window >= next.Answer.BodyBytes)
        {
            _waiting.Dequeue();
            var prepared = (_hasTable, _hasAnswered) switch
            {
                (true, true) => next.Answer.Later,
                (true, false) => next.Answer.First,
                (false, true) => next.Answer.LaterWithoutTable,
                (false, false) => next.Answer.FirstWithoutTable,
            };
            prepared.Write(Room(prepared.Bytes.Length), next.Stream);
            _hasAnswered = true;
            _window -= next.Answer.BodyBytes;
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
