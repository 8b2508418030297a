using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Banyan.Proxy.Reactor;

namespace Banyan.Proxy.Tls;

/// <summary>What a step of a handshake waits for.</summary>
internal enum HandshakeStep : byte
{
    Done,
    NeedsRead,
    NeedsWrite,
    Failed,
}

/// <summary>TLS on a socket: the layer between what HTTP reads and writes and the wire. Owned by the socket.</summary>
/// <remarks>
/// Used on the socket's loop alone. The SSL is freed once, when the socket closes, and never within a call of the library. An
/// idle connection owns no record buffer. Steady state allocates nothing.
/// </remarks>
internal sealed unsafe class TlsConnection : SockLayer
{
    /// <summary>Most that goes into one record.</summary>
    private const int RecordSize = 16 * 1024;

    /// <summary>Messages of the protocol itself that a peer may send after its handshake within a window.</summary>
    private const int MessagesInWindow = 32;

    private const long MessageWindowMs = 10_000;

    [ThreadStatic]
    private static byte[]? _scratch;

    private readonly Sock _sock;
    private readonly TlsTarget? _target;
    private nint _ssl;
    private bool _established;
    private bool _inside;
    private bool _saidEnd;
    private bool _fatal;
    private bool _readNeedsWrite;
    private bool _writeNeedsRead;
    private int _begun;
    private int _messages;
    private long _windowStart;
    private PeerVerdict _verdict;

    /// <summary>Puts TLS on a socket. Takes a reference of the context, until the socket closes.</summary>
    /// <exception cref="TlsException">No memory, or the context is gone.</exception>
    internal TlsConnection(Sock sock, TlsContext context, TlsTarget? target = null)
    {
        if (!context.TryRetain())
        {
            throw new TlsException("the TLS context is gone");
        }

        Context = context;
        _sock = sock;
        _target = target;
        OpenSsl.ERR_clear_error();
        _ssl = OpenSsl.SSL_new(context.Handle);
        var bio = _ssl == 0 ? 0 : SockBio.Create(sock);
        if (bio == 0)
        {
            OpenSsl.SSL_free(_ssl);
            context.Release();
            throw new TlsException($"no TLS connection: {OpenSslLibrary.LastError()}");
        }

        OpenSsl.SSL_set_bio(_ssl, bio, bio);
        sock.Attach(this);
        if (context.Role == TlsRole.Server)
        {
            OpenSsl.SSL_set_accept_state(_ssl);
        }
        else
        {
            OpenSsl.SSL_set_connect_state(_ssl);
            Offer();
        }
    }

    internal TlsContext Context { get; }

    /// <summary>The SSL; 0 once the socket is closed.</summary>
    internal nint Handle => _ssl;

    /// <summary>The peer's SPIFFE ID, once the handshake is done; empty before.</summary>
    internal string PeerId { get; private set; } = "";

    /// <summary>The chain of a peer that nobody has judged yet (<see cref="TlsSettings.JudgesLater"/>), DER, leaf first; else empty.</summary>
    internal IReadOnlyList<byte[]> PeerChain { get; private set; } = [];

    /// <summary>The application protocol, one of the context's; empty before the handshake is done.</summary>
    internal string Protocol { get; private set; } = "";

    /// <summary>The handshake was that of a resumed session.</summary>
    internal bool Resumed { get; private set; }

    /// <summary>Why the connection failed; <see cref="TlsRefusal.None"/> while it has not.</summary>
    internal TlsRefusal Refusal { get; private set; }

    /// <summary>The same in words; empty while it has not.</summary>
    internal string Reason { get; private set; } = "";

    /// <summary>How the peer's stream ended; <see cref="TlsEnd.None"/> while it has not.</summary>
    internal TlsEnd End { get; private set; }

    /// <summary>Told once of a failure, or of a truncated end, after the handshake.</summary>
    internal Action<TlsConnection>? OnFailure { get; set; }

    /// <summary>The peer sends messages that carry nothing; the wire is not read any more.</summary>
    internal bool IsFlooded { get; private set; }

    internal override bool ReadNeedsWrite => _readNeedsWrite;

    internal override bool WriteNeedsRead => _writeNeedsRead;

    internal static long NowMs => Environment.TickCount64;

    internal override int Read(Span<byte> buffer, out bool again)
    {
        again = true;
        if (End != TlsEnd.None)
        {
            return End == TlsEnd.Clean ? 0 : Sock.Failed;
        }

        var total = 0;
        fixed (byte* p = buffer)
        {
            do
            {
                nuint n;
                OpenSsl.ERR_clear_error();
                _inside = true;
                var done = OpenSsl.SSL_read_ex(_ssl, p + total, (nuint)(buffer.Length - total), &n);
                _inside = false;
                if (done != 1)
                {
                    return Stopped(done, total, out again);
                }

                total += (int)n;
                _readNeedsWrite = false;
                again = _sock.WireReadable || OpenSsl.SSL_has_pending(_ssl) == 1;
            }
            while (again && total < buffer.Length);
        }

        // A full buffer may leave bytes inside that are no record any more.
        again |= total == buffer.Length;
        return total;
    }

    internal override int Write(ReadOnlySpan<byte> buffer)
    {
        var total = 0;
        fixed (byte* p = buffer)
        {
            while (total < buffer.Length)
            {
                // A record that was begun is sealed already: it leaves whole before anything else does.
                var size = _begun > 0 ? _begun : Math.Min(buffer.Length - total, RecordSize);
                if (_fatal || _saidEnd || size > buffer.Length - total)
                {
                    return Sock.Failed;
                }

                nuint n;
                OpenSsl.ERR_clear_error();
                _inside = true;
                var done = OpenSsl.SSL_write_ex(_ssl, p + total, (nuint)size, &n);
                _inside = false;
                if (done != 1)
                {
                    return Blocked(done, size) ? (total > 0 ? total : Sock.WouldBlock) : Sock.Failed;
                }

                _begun = 0;
                _writeNeedsRead = false;
                total += (int)n;
            }
        }

        return total;
    }

    internal override int Write(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        // One record for a head and a small body: that is one packet, and half of the cost.
        var scratch = _scratch ??= GC.AllocateUninitializedArray<byte>(RecordSize, pinned: true);
        var joined = Math.Min(first.Length + second.Length, RecordSize);
        if (first.Length >= joined)
        {
            var alone = Write(first);
            return alone == first.Length ? Add(alone, second) : alone;
        }

        first.CopyTo(scratch);
        second[..(joined - first.Length)].CopyTo(scratch.AsSpan(first.Length));
        var n = Write(scratch.AsSpan(0, joined));
        return n == joined ? Add(n, second[(joined - first.Length)..]) : n;
    }

    internal override bool Absorb()
    {
        if (End != TlsEnd.None || !_established)
        {
            return true;
        }

        byte one;
        nuint n;
        OpenSsl.ERR_clear_error();
        _inside = true;
        var done = OpenSsl.SSL_peek_ex(_ssl, &one, 1, &n);
        _inside = false;
        return done == 1 || Stopped(done, 0, out _) != Sock.WouldBlock;
    }

    internal override bool FinishWriting()
    {
        if (_saidEnd || _fatal || !_established)
        {
            return true;
        }

        OpenSsl.ERR_clear_error();
        _inside = true;
        var done = OpenSsl.SSL_shutdown(_ssl);
        _inside = false;

        // 0 = said, and the peer's is not here yet. It is never waited for.
        _saidEnd = done >= 0 || OpenSsl.SSL_get_error(_ssl, done) != OpenSsl.ErrorWantWrite;
        OpenSsl.ERR_clear_error();
        return _saidEnd;
    }

    internal override void Close(bool orderly)
    {
        if (_inside)
        {
            // A call of the library is under way further up the stack, and uses what would be freed: a bug of ours.
            throw new InvalidOperationException("a TLS connection was closed within a call of OpenSSL");
        }

        if (_ssl == 0)
        {
            return;
        }

        if (orderly)
        {
            FinishWriting();
        }

        OpenSsl.SSL_free(_ssl);
        _ssl = 0;
        Context.Release();
    }

    /// <summary>One attempt at the handshake.</summary>
    internal HandshakeStep TryHandshake()
    {
        Debug.Assert(!_established && _ssl != 0, "a handshake that is over");
        OpenSsl.ERR_clear_error();
        _inside = true;
        var done = OpenSsl.SSL_do_handshake(_ssl);
        _inside = false;
        if (done == 1)
        {
            return Established() ? HandshakeStep.Done : HandshakeStep.Failed;
        }

        switch (OpenSsl.SSL_get_error(_ssl, done))
        {
            case OpenSsl.ErrorWantRead:
                _sock.AwaitWire(read: true, write: false);
                return HandshakeStep.NeedsRead;
            case OpenSsl.ErrorWantWrite:
                _sock.AwaitWire(read: false, write: true);
                return HandshakeStep.NeedsWrite;
            default:
                Fail();
                return HandshakeStep.Failed;
        }
    }

    /// <summary>Gives the handshake up for a reason of this side.</summary>
    internal void GiveUp(TlsRefusal refusal, string reason)
    {
        if (Refusal == TlsRefusal.None)
        {
            Refuse(refusal, reason, TlsEnd.Refused);
        }
    }

    /// <summary>Breaks it off if the peer's certificate was denied since.</summary>
    internal void CloseIfDenied()
    {
        if (_established && !_fatal && Judged() is { Refusal: TlsRefusal.Denied } denied)
        {
            Refuse(denied.Refusal, denied.Reason, TlsEnd.Refused);
            _sock.CutOff();
        }
    }

    /// <summary>Called by OpenSSL with the peer's chain.</summary>
    internal bool Verify(nint verification)
    {
        if (Context.Settings.JudgesLater)
        {
            PeerChain = Chain(OpenSsl.X509_STORE_CTX_get0_untrusted(verification));
            return true;
        }

        _verdict = PeerVerification.Check(verification, Context.Terms(_target?.Expected));
        if (!_verdict.IsGood)
        {
            OpenSsl.X509_STORE_CTX_set_error(verification, _verdict.Error);
        }

        return _verdict.IsGood;
    }

    /// <summary>Where in the client's list the protocol stands that is wanted most; -1 when there is none in common.</summary>
    internal int SelectProtocol(ReadOnlySpan<byte> offered)
    {
        var wanted = Context.WireProtocols;
        for (var i = 0; i < wanted.Length; i += wanted[i] + 1)
        {
            for (var at = 0; at < offered.Length; at += offered[at] + 1)
            {
                if (at + offered[at] < offered.Length
                    && offered.Slice(at, offered[at] + 1).SequenceEqual(wanted.Slice(i, wanted[i] + 1)))
                {
                    return at;
                }
            }
        }

        return -1;
    }

    /// <summary>Takes a session that the server gave; false when it is not wanted.</summary>
    internal bool Keep(nint session)
    {
        if (_target?.SessionKey is not { } key || Refusal != TlsRefusal.None)
        {
            return false;
        }

        Context.Sessions.Put(key, session);
        return true;
    }

    /// <summary>A message of the protocol itself came or goes.</summary>
    internal void OnMessage()
    {
        if (!_established)
        {
            return;
        }

        var now = NowMs;
        if (now - _windowStart > MessageWindowMs)
        {
            _windowStart = now;
            _messages = 0;
        }

        IsFlooded |= ++_messages > MessagesInWindow;
    }

    private void Offer()
    {
        fixed (byte* protocols = Context.WireProtocols)
        {
            // 0 = taken.
            if (OpenSsl.SSL_set_alpn_protos(_ssl, protocols, (uint)Context.WireProtocols.Length) != 0)
            {
                GiveUp(TlsRefusal.Protocol, "the application protocols cannot be offered");
            }
        }

        if (_target?.SessionKey is { } key && Context.Sessions.Of(key) is var session and not 0)
        {
            _ = OpenSsl.SSL_set_session(_ssl, session);
        }
    }

    private bool Established()
    {
        Resumed = OpenSsl.SSL_session_reused(_ssl) == 1;
        byte* protocol;
        uint length;
        OpenSsl.SSL_get0_alpn_selected(_ssl, &protocol, &length);
        Protocol = Known(new ReadOnlySpan<byte>(protocol, (int)length));
        if (Protocol.Length == 0)
        {
            Refuse(TlsRefusal.Protocol, "the peer speaks no application protocol that is expected (ALPN)", TlsEnd.Refused);
            return false;
        }

        var certificate = OpenSsl.SSL_get0_peer_certificate(_ssl);
        if (certificate != 0 && Context.Settings.JudgesLater)
        {
            _established = true;
            _windowStart = NowMs;
            return true;
        }

        if (certificate == 0)
        {
            Refuse(TlsRefusal.NoCertificate, "the peer has no certificate", TlsEnd.Refused);
            return false;
        }

        if (Resumed)
        {
            // The callback was not asked, and time has gone by.
            _verdict = PeerVerification.CheckAgain(certificate, Context.Terms(_target?.Expected));
        }
        else if (_verdict.IsGood)
        {
            // It may have been denied between the messages of the handshake.
            _verdict = PeerVerification.Denied(certificate, _verdict, Context.Terms(_target?.Expected));
        }

        if (!_verdict.IsGood)
        {
            if (_target?.SessionKey is { } key)
            {
                Context.Sessions.Drop(key);
            }

            Refuse(_verdict.Refusal, _verdict.Reason, TlsEnd.Refused);
            return false;
        }

        PeerId = _verdict.Id;
        _established = true;
        _windowStart = NowMs;
        return true;
    }

    private PeerVerdict Judged()
    {
        var certificate = _ssl == 0 ? 0 : OpenSsl.SSL_get0_peer_certificate(_ssl);
        return certificate == 0 ? _verdict : PeerVerification.Denied(certificate, _verdict, Context.Terms(_target?.Expected));
    }

    /// <summary>SHA-256 of the peer's certificate in DER; empty once the socket is closed. Computed anew each time.</summary>
    internal byte[] PeerHash()
    {
        var certificate = _ssl == 0 ? 0 : OpenSsl.SSL_get0_peer_certificate(_ssl);
        return certificate == 0 ? [] : SHA256.HashData(Certificate.Encoded(certificate));
    }

    private static byte[][] Chain(nint stack)
    {
        var chain = new byte[Math.Max(0, OpenSsl.OPENSSL_sk_num(stack))][];
        for (var i = 0; i < chain.Length; i++)
        {
            chain[i] = Certificate.Encoded(OpenSsl.OPENSSL_sk_value(stack, i));
        }

        return chain;
    }

    private string Known(ReadOnlySpan<byte> protocol)
    {
        foreach (var known in Context.Settings.Protocols)
        {
            if (Ascii.Equals(known, protocol))
            {
                return known;
            }
        }

        return "";
    }

    private int Add(int n, ReadOnlySpan<byte> rest)
    {
        var more = rest.IsEmpty ? 0 : Write(rest);
        return n + Math.Max(more, 0);
    }

    /// <summary>A read or a peek gave nothing: what that is worth.</summary>
    private int Stopped(int result, int total, out bool again)
    {
        again = true;
        switch (OpenSsl.SSL_get_error(_ssl, result))
        {
            case OpenSsl.ErrorWantRead:
                _readNeedsWrite = false;
                again = false;
                return total > 0 ? total : Sock.WouldBlock;
            case OpenSsl.ErrorWantWrite:
                _readNeedsWrite = true;
                again = false;
                return total > 0 ? total : Sock.WouldBlock;
            case OpenSsl.ErrorZeroReturn:
                End = TlsEnd.Clean;
                return total;
            default:
                Fail();
                return total > 0 ? total : Sock.Failed;
        }
    }

    /// <summary>True when a write only has to wait.</summary>
    private bool Blocked(int result, int size)
    {
        var error = OpenSsl.SSL_get_error(_ssl, result);
        if (error is OpenSsl.ErrorWantWrite or OpenSsl.ErrorWantRead)
        {
            _begun = size;
            _writeNeedsRead = error == OpenSsl.ErrorWantRead;
            return true;
        }

        // A reader is told by its own attempt: bytes that came before may still be there.
        _fatal = true;
        if (End == TlsEnd.None && !_sock.WireEnded && !_sock.PeerFinished)
        {
            Fail();
        }

        OpenSsl.ERR_clear_error();
        return false;
    }

    private void Fail()
    {
        var error = OpenSslFailure.Take();
        if (_verdict.Refusal != TlsRefusal.None)
        {
            Refuse(_verdict.Refusal, _verdict.Reason, TlsEnd.Refused);
        }
        else if (IsFlooded)
        {
            Refuse(TlsRefusal.Flood, $"more than {MessagesInWindow} messages without content in {MessageWindowMs / 1000} s", TlsEnd.Refused);
        }
        else if (error.Refusal != TlsRefusal.None)
        {
            Refuse(error.Refusal, error.Reason, TlsEnd.Refused);
        }
        else if (_sock.WireEnded)
        {
            var when = _established ? "without saying that it was all" : "in the middle of the handshake";
            Refuse(TlsRefusal.Lost, $"the peer ended the connection {when}", TlsEnd.Truncated);
        }
        else
        {
            Refuse(TlsRefusal.Lost, $"the connection broke: errno {_sock.LastError}", TlsEnd.Reset);
        }
    }

    private void Refuse(TlsRefusal refusal, string reason, TlsEnd end)
    {
        _fatal = true;
        End = end;
        Refusal = refusal;
        Reason = reason;
        _sock.BreakLayer();
        if (_established)
        {
            OnFailure?.Invoke(this);
        }
    }
}
