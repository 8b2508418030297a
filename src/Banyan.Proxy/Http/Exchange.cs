using System.Diagnostics;
using Banyan.Proxy.Accept;
using Banyan.Proxy.Balance;
using Banyan.Proxy.Forward;
using Banyan.Proxy.Http2;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Rules;
using Banyan.Rules.Tokens;
using Banyan.Wire.Http1;
using Banyan.Wire.Http2;

namespace Banyan.Proxy.Http;

/// <summary>One request and its response on their way through the stages. Pooled per worker; every stage reads and writes it.</summary>
internal sealed class Exchange
{
    /// <summary>Bytes that one exchange relays before the loop looks at the others: sockets that are always ready would
    /// never let go.</summary>
    private const int Stretch = 256 * 1024;

    internal readonly RequestHead Request = new();
    internal readonly ResponseHead Response = new();
    internal readonly Worker Worker;
    private readonly Action _onClientEvent;

    // Mutable structs: fields, not properties.
    internal BodyProgress RequestBody;
    internal BodyProgress ResponseBody;

    private IoBuffer? _path;
    private bool _replayable;
    private int _stretch;

    internal Exchange(Worker worker)
    {
        Worker = worker;
        _onClientEvent = OnClientEvent;
    }

    internal Downstream Client { get; private set; } = null!;

    /// <summary>Configuration of the listener as it was when the request came.</summary>
    internal ListenerConfig Listener { get; private set; } = null!;

    /// <summary>Configuration for this whole exchange.</summary>
    internal MeshSnapshot Snapshot { get; set; } = MeshSnapshot.Empty;

    internal TargetConfig? Target { get; set; }

    internal CompiledRoute? Route { get; set; }

    internal WeightedBackend? Backend { get; set; }

    internal ClusterConfig? Cluster { get; set; }

    internal EndpointState? Endpoint { get; set; }

    /// <summary>The HTTP/1 connection to the endpoint.</summary>
    internal Upstream? Upstream { get; set; }

    /// <summary>The stream that the request came on; null when it came by HTTP/1.</summary>
    internal Http2Stream? ClientStream { get; private set; }

    /// <summary>The stream to the endpoint; null when that is spoken to by HTTP/1.</summary>
    internal Http2Stream? UpstreamStream { get; set; }

    /// <summary>The bytes that <see cref="Request"/> points into.</summary>
    internal ReadOnlySpan<byte> RequestBytes => ClientStream is null ? Client.In!.Valid : ClientStream.Head!.Valid;

    /// <summary>The bytes that <see cref="Response"/> points into.</summary>
    internal ReadOnlySpan<byte> ResponseBytes => UpstreamStream is null ? Upstream!.In!.Valid : UpstreamStream.Head!.Valid;

    /// <summary>Attempts made; 1 while the first is under way.</summary>
    internal int Attempts { get; set; }

    /// <summary>Timestamp when the head was complete.</summary>
    internal long Started { get; private set; }

    /// <summary>Timestamp when this attempt left.</summary>
    internal long AttemptStarted { get; set; }

    /// <summary>Milliseconds of the loop's clock at which the whole request times out.</summary>
    internal long Deadline { get; set; } = long.MaxValue;

    /// <summary>The same for the attempt under way: not later than <see cref="Deadline"/>.</summary>
    internal long TryDeadline { get; set; } = long.MaxValue;

    /// <summary>Status that the client got, 0 before (or when it got none).</summary>
    internal int Status { get; set; }

    /// <summary>The client's connection ends after this exchange.</summary>
    internal bool CloseClient { get; set; }

    /// <summary>Key of the WebSocket handshake that this proxy speaks itself, written by the attempt under way.</summary>
    internal byte[]? WebSocketKey { get; set; }

    /// <summary>The response was a 101, or what HTTP/2 says instead: the rest of the connection or stream is a tunnel.</summary>
    internal bool SwitchesProtocols { get; set; }

    /// <summary>The request head and all body bytes that were sent are still in the client's buffer.</summary>
    internal bool Replayable
    {
        get => _replayable && ClientStream is not { Keeps: false };
        set => _replayable = value;
    }

    /// <summary><see cref="RequestBody"/> and <see cref="BodyEnd"/> tell about this request.</summary>
    internal bool BodyBegun { get; private set; }

    /// <summary>Where the body bytes that were sent end, counted from the start of the client's valid bytes.</summary>
    internal int BodyEnd { get; set; }

    /// <summary>Why the exchange was ended from the side: by its upload or by the client's disappearance.</summary>
    internal Failure Aborted { get; private set; }

    /// <summary>Something of a final response was sent to the client.</summary>
    internal bool Answered { get; set; }

    /// <summary>An interim response (1xx) was sent to the client.</summary>
    internal bool Interim { get; set; }

    /// <summary>The part of the request body that came later than its head is being sent (<see cref="Forward.Upload"/>).</summary>
    internal bool Uploading { get; set; }

    /// <summary>Asks the upload to end.</summary>
    internal bool StopUpload { get; set; }

    /// <summary>Opened when the upload has ended; set by who waits for it.</summary>
    internal Gate? UploadDone { get; set; }

    /// <summary>The destination stopped reading the body.</summary>
    internal bool UploadBroke { get; set; }

    /// <summary>Part of the request was not read: the connection is drained before it is closed.</summary>
    internal bool LeavesBytes { get; set; }

    /// <summary>The client's connection ends with a reset.</summary>
    internal bool ResetClient { get; set; }

    /// <summary>How the way to the endpoint of this attempt is secured, and who is there.</summary>
    internal HopPeer Hop { get; set; }

    /// <summary>This attempt travels to the other sidecar in another version of HTTP than its client's.</summary>
    internal bool HopChanged { get; set; }

    /// <summary>A pooled connection turned out to be dead before a byte was sent on it.</summary>
    internal bool StaleConnection { get; set; }

    /// <summary>Name of the policy that denied it; null when none did, empty when it has no name.</summary>
    internal string? DeniedBy { get; set; }

    /// <summary>Why its token is not accepted.</summary>
    internal TokenRefusal TokenRefusal { get; set; }

    /// <summary>The request is a call of gRPC.</summary>
    internal bool IsGrpc { get; private set; }

    /// <summary>Status of the call as the client hears it; <see cref="GrpcCall.NoStatus"/> before.</summary>
    internal int GrpcStatus { get; set; } = GrpcCall.NoStatus;

    /// <summary>What a client's stream hears when its response cannot be completed.</summary>
    internal ErrorCode ResetCode { get; set; } = ErrorCode.InternalError;

    /// <summary>Stream idle timeout in milliseconds.</summary>
    internal long IdleMs { get; set; }

    /// <summary>When the stream counts as idle: no byte in either direction until then.</summary>
    internal long IdleUntil { get; private set; }

    internal void Begin(Downstream client, Http2Stream? stream = null)
    {
        Client = client;
        ClientStream = stream;
        Listener = client.Acceptor.Config;
        var idle = (long)Listener.Http.StreamIdle.TotalMilliseconds;
        IdleMs = idle == 0 ? int.MaxValue : idle;
        Request.Reset();
        Request.Method = RequestMethod.Other;
        Request.Version = HttpVersion.Http11;
        Request.Close = false;
    }

    /// <summary>The head is complete: what follows is timed and counted.</summary>
    internal void Start()
    {
        Started = Stopwatch.GetTimestamp();
        Snapshot = Worker.Snapshots.Current;
        CloseClient = Request.Close || Worker.Drains(Listener.Role);
        Replayable = true;
        if (ClientStream is null)
        {
            Client.Sock.IdleEvent = _onClientEvent;
        }
        else if (Request.Length > 0 && Request.Has(KnownField.ContentType))
        {
            StartCall();
        }
    }

    private void StartCall()
    {
        IsGrpc = GrpcCall.Is(Request, RequestBytes);
        if (IsGrpc && GrpcCall.Timeout(Request, RequestBytes) is { } timeout)
        {
            Deadline = Worker.Loop.NowMs + timeout;
        }
    }

    /// <summary>The request is about the server as a whole: <c>OPTIONS *</c>, or OPTIONS in absolute form without a path, which
    /// leaves as <c>*</c> (RFC 9112 §3.2.4). Routes see it as <c>/</c>.</summary>
    internal bool AsksServer => Request.Method == RequestMethod.Options && Request.QueryStart < 0
        && (Request.Form == TargetForm.Asterisk || (Request.Form == TargetForm.Absolute && Request.PathLength == 0));

    /// <summary>So many bytes were relayed at a stretch that others should have their turn. Saying so begins a new stretch.</summary>
    internal bool EndsStretch()
    {
        var ends = _stretch >= Stretch;
        _stretch = ends ? 0 : _stretch;
        return ends;
    }

    /// <summary>Bytes of a body came, in either direction; 0 begins an attempt.</summary>
    internal void Moved(int bytes)
    {
        _stretch += bytes;
        IdleUntil = Worker.Loop.NowMs + IdleMs;
    }

    /// <summary>Canonical path of the request, without query.</summary>
    internal ReadOnlySpan<byte> Path(ReadOnlySpan<byte> bytes) => _path is null ? ReceivedPath(bytes) : _path.Valid;

    /// <summary>Replaces the path by its canonical form; a refused one is the client's mistake.</summary>
    internal Failure Canonicalize()
    {
        var settings = Listener.Http;
        if (!settings.NormalizePath || Request.Form == TargetForm.Authority || AsksServer)
        {
            return Failure.None;
        }

        var received = ReceivedPath(RequestBytes);
        var scratch = Worker.Scratch.AsSpan(0, received.Length);
        switch (CanonicalPath.Write(received, scratch, !settings.RejectEscapedSlashes, out var written))
        {
            case PathOutcome.Unchanged:
                return Failure.None;
            case PathOutcome.Rewritten:
                SetPath(scratch[..written]);
                return Failure.None;
            default:
                return Failure.PathRefused;
        }
    }

    /// <summary>Takes stock of the part of the request body that is here; once per exchange, or again before it is sent once more
    /// (all of it is still in the buffer then, and an attempt by HTTP/2 may have left off anywhere).</summary>
    internal void BeginBody(bool again = false)
    {
        if (!BodyBegun || again)
        {
            BodyBegun = true;
            RequestBody.Begin(Request.Framing, Request.ContentLength);
            BodyEnd = Request.Length;
            if (ClientStream is null)
            {
                BodyEnd += RequestBody.Take(RequestBytes[Request.Length..]);
            }
        }
    }

    /// <summary>The body is sent from its first byte on, decoded: at the start of an attempt that a stream takes part in.</summary>
    internal void RestartBody()
    {
        BodyBegun = true;
        RequestBody.Begin(Request.Framing, Request.ContentLength);
        BodyEnd = Request.Length;
        ClientStream?.Rewind();
    }

    /// <summary>Ends the exchange from the side; the stage that waits finds out.</summary>
    internal void Abort(Failure failure)
    {
        if (Aborted == Failure.None)
        {
            Aborted = failure;
        }

        WakeAll();
    }

    /// <summary>Whoever waits on a socket or stream of this exchange looks again.</summary>
    internal void WakeAll()
    {
        Upstream?.Sock.Cancel();
        UpstreamStream?.Wake();
        if (ClientStream is null)
        {
            Client.Sock.Cancel();
        }
        else
        {
            ClientStream.Wake();
        }
    }

    internal long MicrosSince(long timestamp) => (Stopwatch.GetTimestamp() - timestamp) / (Stopwatch.Frequency / 1_000_000);

    /// <summary>What is behind the request in the client's buffer is the next one.</summary>
    internal void ConsumeRequest()
    {
        if (ClientStream is null && (!CloseClient || SwitchesProtocols) && Client.In is not null)
        {
            Client.Consume(Client.In.Start + BodyEnd);
        }
    }

    /// <summary>Forgets everything, ready for the pool.</summary>
    internal void Reset()
    {
        if (_path is not null)
        {
            Worker.Buffers.Return(_path);
            _path = null;
        }

        if (ClientStream is null)
        {
            Client.Sock.IdleEvent = null;
        }

        ClientStream = null;
        UpstreamStream = null;
        Client = null!;
        Listener = null!;
        Snapshot = MeshSnapshot.Empty;
        Target = null;
        Route = null;
        Backend = null;
        Cluster = null;
        Endpoint = null;
        Hop = default;
        Upstream = null;
        Attempts = 0;
        Deadline = long.MaxValue;
        TryDeadline = long.MaxValue;
        Status = 0;
        SwitchesProtocols = false;
        Replayable = false;
        Aborted = Failure.None;
        Answered = false;
        Interim = false;
        Uploading = false;
        StopUpload = false;
        UploadDone = null;
        UploadBroke = false;
        LeavesBytes = false;
        ResetClient = false;
        ResetCode = ErrorCode.InternalError;
        DeniedBy = null;
        TokenRefusal = TokenRefusal.None;
        IsGrpc = false;
        GrpcStatus = GrpcCall.NoStatus;
        StaleConnection = false;
        HopChanged = false;
        BodyBegun = false;
        CloseClient = false;
    }

    private ReadOnlySpan<byte> ReceivedPath(ReadOnlySpan<byte> bytes)
    {
        if (AsksServer)
        {
            return "*"u8;
        }

        var path = Request.QueryStart < 0 ? Request.Path(bytes) : bytes[Request.PathStart..(Request.QueryStart - 1)];
        return path.IsEmpty ? "/"u8 : path;
    }

    private void SetPath(ReadOnlySpan<byte> path)
    {
        _path = Worker.Buffers.Rent(path.Length);
        path.CopyTo(_path.Bytes);
        _path.End = path.Length;
    }

    private void OnClientEvent()
    {
        // A FIN alone is a half-close: the client may still read. A reset is not.
        if (Client.Sock.Broken)
        {
            Abort(Failure.ClientGone);
        }
    }
}
