using System.Buffers.Binary;
using System.Text;

namespace Banyan.Proxy.Tls;

/// <summary>One SSL_CTX and what belongs to it: a role, a certificate, the anchors, the application protocols. Immutable.</summary>
/// <remarks>
/// Counted references: whoever made it holds one (<see cref="Dispose"/> gives it back), each connection another; what is native
/// is freed with the last, on whichever thread that is. It may be made on any thread (about 1.5 ms) and is then used on one
/// reactor. TLS 1.3 only. A session's ticket lives an hour, or as long as the
/// certificate had when the context was made, and never longer than the context's keys.
/// </remarks>
internal sealed unsafe class TlsContext : IDisposable
{
    /// <summary>A ticket's life in seconds at most.</summary>
    internal const int LongestTicket = 3600;

    internal const int TicketKeysSize = 80;

    /// <summary>Bytes of a peer's certificate message.</summary>
    private const int LongestChain = 32 * 1024;

    /// <summary>Intermediates of a chain.</summary>
    private const int DeepestChain = 6;

    /// <summary>OpenSSL's level 2: 112 bits; leaves need more, <see cref="PeerVerification"/>.</summary>
    private const int SecurityLevel = 2;

    private readonly TrustAnchors _anchors;
    private readonly byte[] _wireProtocols;
    private string? _ownId;
    private int _references = 1;
    private int _disposed;

    private TlsContext(TlsSettings settings, nint handle, TrustAnchors anchors, byte[] wireProtocols)
    {
        Settings = settings;
        Handle = handle;
        _anchors = anchors;
        _wireProtocols = wireProtocols;
    }

    internal TlsSettings Settings { get; }

    internal TlsRole Role => Settings.Role;

    /// <summary>The SSL_CTX.</summary>
    internal nint Handle { get; private set; }

    /// <summary>Of a client.</summary>
    internal TlsSessions Sessions { get; } = new();

    /// <summary>The own certificate's end, seconds since 1970.</summary>
    internal long NotAfter { get; private set; }

    /// <summary>The own certificate proves nothing any more.</summary>
    internal bool IsExpired => Settings.Identity is not null && Now >= NotAfter;

    /// <summary>How long tickets last, seconds.</summary>
    internal long TicketSeconds { get; private set; }

    /// <summary>Names in the form of ALPN: a length before each.</summary>
    internal ReadOnlySpan<byte> WireProtocols => _wireProtocols;

    /// <summary>SPIFFE ID of the own certificate; empty without one.</summary>
    internal string OwnId => _ownId ??= ReadOwnId();

    private long Now => Settings.Time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Makes a context with one reference, the caller's.</summary>
    /// <exception cref="TlsException">OpenSSL, the key, the chain or a bundle cannot be used; the message says which.</exception>
    internal static TlsContext Create(TlsSettings settings)
    {
        OpenSslLibrary.Require();
        OpenSsl.ERR_clear_error();
        var wireProtocols = Wire(settings.Protocols);
        var anchors = new TrustAnchors(settings.Bundles);
        var handle = OpenSsl.SSL_CTX_new(OpenSsl.TLS_method());
        if (handle == 0)
        {
            anchors.Dispose();
            throw new TlsException($"no TLS context: {OpenSslLibrary.LastError()}");
        }

        var context = new TlsContext(settings, handle, anchors, wireProtocols);
        try
        {
            context.SetProtocol();
            context.SetIdentity();
            context.SetSessions();
            context.SetCallbacks();
            return context;
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    private string ReadOwnId()
    {
        if (Settings.Identity is not { } identity)
        {
            return "";
        }

        var leaf = Certificate.Parse(identity.Chain[0], "the own certificate");
        var id = Certificate.Uris(leaf, out var uri) == 1 ? Encoding.ASCII.GetString(uri) : "";
        OpenSsl.X509_free(leaf);
        return id;
    }

    /// <summary>What a peer of this context has to be.</summary>
    internal PeerTerms Terms(IReadOnlyCollection<string>? expected) =>
        new(_anchors, Role == TlsRole.Client, expected, Now, Settings.Denied);

    /// <summary>Takes a reference; false when the last one is gone, and another context has to be asked. Thread-safe.</summary>
    internal bool TryRetain()
    {
        var references = Volatile.Read(ref _references);
        while (references > 0)
        {
            var seen = Interlocked.CompareExchange(ref _references, references + 1, references);
            if (seen == references)
            {
                return true;
            }

            references = seen;
        }

        return false;
    }

    /// <summary>Gives a reference back. Thread-safe.</summary>
    internal void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            Sessions.Clear();
            OpenSsl.SSL_CTX_free(Handle);
            Handle = 0;
            _anchors.Dispose();
        }
    }

    /// <summary>Gives the maker's reference back; connections that use the context go on.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Release();
        }
    }

    private static byte[] Wire(IReadOnlyList<string> protocols)
    {
        var wire = new List<byte>();
        foreach (var protocol in protocols)
        {
            if (protocol.Length is 0 or > byte.MaxValue)
            {
                throw new TlsException($"'{protocol}' is no application protocol");
            }

            wire.Add((byte)protocol.Length);
            wire.AddRange(Encoding.ASCII.GetBytes(protocol));
        }

        return [.. wire];
    }

    private void SetProtocol()
    {
        Control(OpenSsl.CtrlMinProtocol, OpenSsl.Tls13, null, "TLS 1.3");
        Control(OpenSsl.CtrlMaxProtocol, OpenSsl.Tls13, null, "TLS 1.3");
        OpenSsl.SSL_CTX_set_security_level(Handle, SecurityLevel);
        fixed (byte* suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256\0"u8)
        {
            Require(OpenSsl.SSL_CTX_set_ciphersuites(Handle, suites) == 1, "the cipher suites");
        }

        fixed (byte* groups = "X25519:P-256\0"u8)
        {
            Control(OpenSsl.CtrlGroupsList, 0, groups, "the groups");
        }

        fixed (byte* algorithms =
            "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512\0"u8)
        {
            Control(OpenSsl.CtrlSignatureAlgorithms, 0, algorithms, "the signature algorithms");
        }

        // No boxes that must be fooled stand between sidecars.
        _ = OpenSsl.SSL_CTX_clear_options(Handle, OpenSsl.OptionMiddleboxCompat);
        _ = OpenSsl.SSL_CTX_set_options(Handle, OpenSsl.OptionServerPreference);
        _ = OpenSsl.SSL_CTX_ctrl(
            Handle,
            OpenSsl.CtrlMode,
            OpenSsl.ModeEnablePartialWrite | OpenSsl.ModeAcceptMovingWriteBuffer | OpenSsl.ModeAutoRetry
                | OpenSsl.ModeNoAutoChain | OpenSsl.ModeReleaseBuffers,
            null);
        _ = OpenSsl.SSL_CTX_ctrl(Handle, OpenSsl.CtrlReadAhead, 1, null);
        _ = OpenSsl.SSL_CTX_ctrl(Handle, OpenSsl.CtrlMaxCertList, LongestChain, null);
    }

    private void SetIdentity()
    {
        if (Settings.Identity is not { } identity)
        {
            Require(Role == TlsRole.Client, "a server without a certificate");
            NotAfter = long.MaxValue;
            return;
        }

        var chain = identity.Chain;
        Require(chain.Count > 0, "an identity without a certificate");
        var leaf = Certificate.Parse(chain[0], "the own certificate");
        var taken = OpenSsl.SSL_CTX_use_certificate(Handle, leaf) == 1;
        NotAfter = Certificate.NotAfter(leaf);
        OpenSsl.X509_free(leaf);
        Require(taken, "the own certificate");
        nint key;
        fixed (byte* bytes = identity.Key)
        {
            var next = bytes;
            key = OpenSsl.d2i_AutoPrivateKey(0, &next, identity.Key.Length);
        }

        Require(key != 0, "the private key");
        taken = OpenSsl.SSL_CTX_use_PrivateKey(Handle, key) == 1;
        OpenSsl.EVP_PKEY_free(key);
        Require(taken && OpenSsl.SSL_CTX_check_private_key(Handle) == 1, "the private key of another certificate");
        for (var i = 1; i < chain.Count; i++)
        {
            var intermediate = Certificate.Parse(chain[i], $"intermediate {i}");
            var added = OpenSsl.SSL_CTX_ctrl(Handle, OpenSsl.CtrlChainCert, 1, (void*)intermediate) == 1;
            OpenSsl.X509_free(intermediate);
            Require(added, $"intermediate {i}");
        }
    }

    private void SetSessions()
    {
        TicketSeconds = Math.Clamp(NotAfter - Now, 1, LongestTicket);
        _ = OpenSsl.SSL_CTX_set_timeout(Handle, (nint)TicketSeconds);

        // Sessions of another generation do not fit, even if a ticket should open.
        var id = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt32BigEndian(new Span<byte>(id, sizeof(int)), Settings.IdentityGeneration);
        BinaryPrimitives.WriteInt32BigEndian(new Span<byte>(id + sizeof(int), sizeof(int)), Settings.BundleGeneration);
        Require(OpenSsl.SSL_CTX_set_session_id_context(Handle, id, sizeof(long)) == 1, "the session context");
        var mode = Role == TlsRole.Client
            ? OpenSsl.SessionCacheClient | OpenSsl.SessionCacheNoInternal
            : OpenSsl.SessionCacheOff;
        _ = OpenSsl.SSL_CTX_ctrl(Handle, OpenSsl.CtrlSessionCacheMode, mode, null);

        // Each ticket costs the server another decoding of the client's certificate.
        Require(OpenSsl.SSL_CTX_set_num_tickets(Handle, 1) == 1, "one ticket");
        if (Role == TlsRole.Server && Settings.TicketKeys is { } keys)
        {
            fixed (byte* bytes = keys)
            {
                Control(OpenSsl.CtrlTicketKeys, keys.Length, bytes, "the ticket keys");
            }
        }
    }

    private void SetCallbacks()
    {
        OpenSsl.SSL_CTX_set_verify(
            Handle, OpenSsl.VerifyPeer | (Role == TlsRole.Server ? OpenSsl.VerifyFailIfNone : 0), 0);
        OpenSsl.SSL_CTX_set_verify_depth(Handle, DeepestChain);
        OpenSsl.SSL_CTX_set_cert_verify_callback(Handle, &TlsCallbacks.Verify, 0);
        OpenSsl.SSL_CTX_set_info_callback(Handle, &TlsCallbacks.Info);
        if (Role == TlsRole.Server)
        {
            OpenSsl.SSL_CTX_set_alpn_select_cb(Handle, &TlsCallbacks.SelectProtocol, 0);
        }
        else
        {
            OpenSsl.SSL_CTX_sess_set_new_cb(Handle, &TlsCallbacks.NewSession);
        }
    }

    private void Control(int command, nint number, void* argument, string what) =>
        Require(OpenSsl.SSL_CTX_ctrl(Handle, command, number, argument) == 1, what);

    private static void Require(bool good, string what)
    {
        if (!good)
        {
            throw new TlsException($"TLS cannot use {what}: {OpenSslLibrary.LastError()}");
        }
    }
}
