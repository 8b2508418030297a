using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Banyan.Bench.Processes;
using Banyan.Xds.Grpc;

namespace Banyan.Bench.Discovery;

/// <summary>How a proxy behaves once it has everything.</summary>
internal enum Behaviour
{
    /// <summary>Acknowledges every push.</summary>
    Good,

    /// <summary>Refuses every push.</summary>
    Refusing,

    /// <summary>Reads and says nothing.</summary>
    Mute,

    /// <summary>Reads a few bytes now and then, from the beginning.</summary>
    Slow,
}

/// <summary>
/// One delta ADS stream on a connection of its own, which asks as a sidecar does: its own listeners and its destinations,
/// then what these lead to. Used by the fleet's thread alone.
/// </summary>
internal sealed unsafe class SimulatedProxy(
    string node, IReadOnlyList<string> targets, int ownListeners, Behaviour behaviour, FleetState state)
{
    private const int FrameHead = 9;
    private const byte Data = 0, Headers = 1, Reset = 3, Settings = 4, Ping = 6, GoAway = 7, WindowUpdate = 8;
    private const byte EndStream = 1, EndHeaders = 4, Ack = 1;
    private const int InitialWindowSize = 4;
    private const int LargestWindow = int.MaxValue, DefaultWindow = 65_535;
    private const int SmallBuffer = 4096;
    private const int Kinds = 4;

    private readonly int[] _latest = new int[ChangeLog.Slots];
    private readonly int[] _missing =
    [
        targets.Count + ownListeners,
        targets.Count,
        (2 * targets.Count) + (ownListeners > 0 ? 1 : 0),
        2 * targets.Count,
    ];

    private byte[] _rest = [];
    private byte[] _message = [];
    private TlsClient? _tls;
    private bool _started;
    private bool _failed;

    public Behaviour Behaviour => behaviour;

    /// <summary>The service whose replica it is; null for a stranger.</summary>
    public string? Service { get; } = node.Split('/')[1] is var workload && workload.EndsWith("-v1", StringComparison.Ordinal) ? workload[..^3] : null;

    public int Fd { get; private set; } = -1;

    /// <summary>It has all that it asked for.</summary>
    public bool IsSynced { get; private set; }

    /// <summary>Begins to connect, without waiting.</summary>
    /// <param name="port">The control plane's.</param>
    /// <param name="chain">Certificate and key to show in TLS; null for a plaintext stream.</param>
    public void Connect(int port, string? chain)
    {
        const int Flags = (int)SocketType.Stream | Native.NonBlocking | Native.CloseOnExec;
        Fd = Native.Socket((int)AddressFamily.InterNetwork, Flags, 0);
        if (Fd < 0)
        {
            throw new BenchFailure($"a socket could not be made: {Marshal.GetLastSystemError()}; see ulimit -n");
        }

        var on = 1;
        _ = Native.SetOption(Fd, (int)SocketOptionLevel.Tcp, (int)SocketOptionName.NoDelay, &on, sizeof(int));
        if (behaviour == Behaviour.Slow)
        {
            const int SocketLevel = 1, ReceiveBuffer = 8;
            var size = SmallBuffer;
            _ = Native.SetOption(Fd, SocketLevel, ReceiveBuffer, &size, sizeof(int));
        }

        var address = stackalloc byte[16];
        new Span<byte>(address, 16).Clear();
        *(ushort*)address = (ushort)AddressFamily.InterNetwork;
        *(ushort*)(address + 2) = (ushort)IPAddress.HostToNetworkOrder((short)port);
        *(int*)(address + 4) = IPAddress.HostToNetworkOrder(0x7f000001);
        _ = Native.Connect(Fd, address, 16);
        _tls = chain is null ? null : TlsClient.Start(Fd, chain);
    }

    /// <summary>Its socket has news.</summary>
    public void Serve()
    {
        if (!_started && !Start())
        {
            return;
        }

        while (Receive(state.Buffer.Length))
        {
            // Until the socket is empty: events come once.
        }
    }

    /// <summary>Reads a little; what a slow proxy does now and then.</summary>
    public void Sip(int bytes)
    {
        if (_started || Start())
        {
            _ = Receive(bytes);
        }
    }

    private bool Start()
    {
        // Not connected yet: the event says that the socket is new.
        if (_tls?.Handshake() == false || !Send(Opening(), mayFail: true))
        {
            return false;
        }

        _started = true;
        SendData(XdsMessage.Request(node, XdsKind.Listener, targets.Prepend("*")));
        return true;
    }

    private bool Receive(int most)
    {
        var room = Math.Min(most, state.Buffer.Length - _rest.Length);
        _rest.CopyTo(state.Buffer.AsSpan());
        var kept = _rest.Length;
        nint got;
        fixed (byte* buffer = state.Buffer)
        {
            got = _tls?.Receive(buffer + kept, room) ?? Native.Receive(Fd, buffer + kept, room, Native.DontWait);
        }

        if (got < 0)
        {
            return _tls is not null || Marshal.GetLastSystemError() is Native.Again or Native.Interrupted
                ? false
                : throw new BenchFailure($"receiving failed with {Marshal.GetLastSystemError()}");
        }

        if (got == 0)
        {
            throw new BenchFailure($"the connection of {node} was closed");
        }

        var input = state.Buffer.AsSpan(0, kept + (int)got);
        var taken = TakeFrames(input);
        _rest = taken == input.Length ? [] : input[taken..].ToArray();

        // A record of TLS at a time: only asking again shows that there is no other.
        return got == room || _tls is not null;
    }

    private int TakeFrames(ReadOnlySpan<byte> input)
    {
        var at = 0;
        while (input.Length - at >= FrameHead)
        {
            var size = BinaryPrimitives.ReadInt32BigEndian(input[at..]) >>> 8;
            if (input.Length - at < FrameHead + size)
            {
                break;
            }

            Take(input[at + 3], input[at + 4], input.Slice(at + FrameHead, size));
            at += FrameHead + size;
        }

        return at;
    }

    private void Take(byte type, byte flags, ReadOnlySpan<byte> payload)
    {
        switch (type)
        {
            case Data:
                TakeData(payload);
                break;
            case Settings when (flags & Ack) == 0:
                Send(Frame(Settings, Ack, 0, []));
                break;
            case Ping when (flags & Ack) == 0:
                Send(Frame(Ping, Ack, 0, payload));
                break;
            case Reset or GoAway:
                _failed = true;
                break;
        }

        // Status messages of gRPC come in trailers, which are not decoded here: the server logs what was wrong.
        if (_failed || (type is Data or Headers && (flags & EndStream) != 0))
        {
            throw new BenchFailure($"the stream of {node} was ended by the control plane (frame type {type})");
        }
    }

    private void TakeData(ReadOnlySpan<byte> bytes)
    {
        if (_message.Length > 0)
        {
            _message = [.. _message, .. bytes];
            bytes = _message;
        }

        while (GrpcFrame.TryRead(bytes, out var length) == GrpcFrameStatus.Complete)
        {
            TakeMessage(XdsMessage.Read(bytes.Slice(GrpcFrame.PrefixLength, length)));
            bytes = bytes[(GrpcFrame.PrefixLength + length)..];
        }

        _message = bytes.ToArray();
    }

    private void TakeMessage(XdsMessage message)
    {
        state.Pushes++;
        var isGood = behaviour is Behaviour.Good || !IsSynced;
        if (behaviour != Behaviour.Mute || isGood)
        {
            Span<byte> answer = stackalloc byte[256];
            SendData(answer[..XdsMessage.WriteAnswer(answer, message.Kind, message.Nonce, refuses: !isGood)]);
        }

        if (behaviour == Behaviour.Good)
        {
            while (message.NextResource(out var entry))
            {
                Note(message.Kind, entry);
            }
        }

        if (!IsSynced)
        {
            Progress(message.Kind, message.Count);
        }
    }

    /// <summary>Asks for the next kind as soon as all of the one before is there.</summary>
    private void Progress(XdsKind kind, int count)
    {
        var before = _missing[(int)kind];
        _missing[(int)kind] -= count;
        if (before <= 0 || _missing[(int)kind] > 0)
        {
            return;
        }

        switch (kind)
        {
            case XdsKind.Listener:
                SendData(XdsMessage.Request(null, XdsKind.Route, targets));
                break;
            case XdsKind.Route:
                var own = ownListeners > 0 ? (string[])["external"] : [];
                SendData(XdsMessage.Request(null, XdsKind.Cluster, Clusters().Concat(own)));
                break;
            case XdsKind.Cluster:
                SendData(XdsMessage.Request(null, XdsKind.Endpoint, Clusters()));
                break;
            case XdsKind.Endpoint:
                IsSynced = true;
                state.Synced(this);
                break;
        }
    }

    // The routes of each destination lead to it and to its one version.
    private IEnumerable<string> Clusters() =>
        targets.SelectMany(target => new[] { target, target.Replace(".", "-v1.", StringComparison.Ordinal) });

    private void Note(XdsKind kind, XdsEntry entry)
    {
        if (kind is not (XdsKind.Endpoint or XdsKind.Route) || state.Versions.Find(kind, entry) is not { } numbers)
        {
            return;
        }

        foreach (var (slot, number) in numbers)
        {
            state.Log.Acknowledge(slot, ref _latest[slot], number);
        }
    }

    private byte[] Opening()
    {
        var window = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(window, LargestWindow - DefaultWindow);
        var setting = new byte[6];
        BinaryPrimitives.WriteInt16BigEndian(setting, InitialWindowSize);
        BinaryPrimitives.WriteInt32BigEndian(setting.AsSpan(2), LargestWindow);

        // Who reads slowly has the windows of RFC 9113 and never opens them again.
        var isSlow = behaviour == Behaviour.Slow;
        return
        [
            .. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8,
            .. Frame(Settings, 0, 0, isSlow ? [] : setting),
            .. isSlow ? [] : Frame(WindowUpdate, 0, 0, window),
            .. Frame(Headers, EndHeaders, 1, Fields()),
        ];
    }

    // Literal fields without indexing (RFC 7541, 6.2.2); the numbers are those of the static table.
    private byte[] Fields() =>
    [
        0x83, (byte)(_tls is null ? 0x86 : 0x87),
        0x04, .. Text(GrpcTrailers.DeltaAggregatedResources),
        0x01, .. Text("127.0.0.1"),
        0x0f, 31 - 15, .. Text(GrpcTrailers.ContentType),
        0x00, .. Text("te"), .. Text("trailers"),
    ];

    private static byte[] Text(string text) => [checked((byte)text.Length), .. Encoding.ASCII.GetBytes(text)];

    private static byte[] Frame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[FrameHead + payload.Length];
        WriteHead(frame, type, flags, stream, payload.Length);
        payload.CopyTo(frame.AsSpan(FrameHead));
        return frame;
    }

    private static void WriteHead(Span<byte> head, byte type, byte flags, int stream, int length)
    {
        BinaryPrimitives.WriteInt32BigEndian(head, (length << 8) | type);
        head[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(head[5..], stream);
    }

    private void SendData(ReadOnlySpan<byte> message)
    {
        var frame = state.Output.AsSpan(0, FrameHead + message.Length);
        WriteHead(frame, Data, 0, stream: 1, message.Length);
        message.CopyTo(frame[FrameHead..]);
        Send(frame);
    }

    private bool Send(ReadOnlySpan<byte> bytes, bool mayFail = false)
    {
        fixed (byte* start = bytes)
        {
            // What is sent is little; the server reads it whatever else it does.
            var sent = _tls is null
                ? Native.Send(Fd, start, bytes.Length, Native.NoSignal)
                : _tls.Send(bytes) ? bytes.Length : -1;
            return sent == bytes.Length || mayFail
                ? sent == bytes.Length
                : throw new BenchFailure($"sending to the control plane failed with {Marshal.GetLastSystemError()}");
        }
    }
}
