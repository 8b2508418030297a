using System.Runtime.InteropServices;

namespace Banyan.Bench.Discovery;

/// <summary>TLS 1.3 of one simulated proxy over its non-blocking socket, by the machine's OpenSSL. One thread.</summary>
internal sealed unsafe partial class TlsClient
{
    private const string Library = "libssl.so.3";
    private const int Ok = 1, WantRead = 2, WantWrite = 3, Pem = 1;
    private const int SetMinimumVersion = 123, SetMode = 33, Tls13 = 0x0304;
    private const int ReleaseBuffers = 0x10;

    private static readonly Dictionary<string, nint> Contexts = [];

    private readonly nint _connection;

    private TlsClient(nint connection) => _connection = connection;

    /// <summary>The handshake is over: the client may speak.</summary>
    public bool IsReady { get; private set; }

    /// <summary>Begins as the owner of a certificate.</summary>
    /// <param name="fd">The socket; it need not be connected yet.</param>
    /// <param name="chain">File of certificate, intermediates and key, PEM.</param>
    public static TlsClient Start(int fd, string chain)
    {
        if (!Contexts.TryGetValue(chain, out var context))
        {
            Contexts[chain] = context = Context(chain);
        }

        var connection = New(context);
        return connection != 0 && SetSocket(connection, fd) == Ok
            ? new TlsClient(connection)
            : throw new BenchFailure("OpenSSL makes no connection");
    }

    /// <summary>Goes on with the handshake; true when it is over.</summary>
    public bool Handshake()
    {
        if (!IsReady)
        {
            var result = Connect(_connection);
            IsReady = result == Ok;
            if (!IsReady && Error(_connection, result) is not (WantRead or WantWrite))
            {
                throw new BenchFailure("a TLS handshake with the control plane failed");
            }
        }

        return IsReady;
    }

    /// <summary>Bytes received; -1: nothing there; 0: the connection has ended.</summary>
    public int Receive(byte* buffer, int length)
    {
        var got = Read(_connection, buffer, length);
        return got > 0 ? got : Error(_connection, got) == WantRead ? -1 : 0;
    }

    /// <summary>Sends all of it, or nothing: the kernel's buffer has room for what a proxy says.</summary>
    public bool Send(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return Write(_connection, start, bytes.Length) == bytes.Length;
        }
    }

    private static nint Context(string chain)
    {
        // The server is our own child on loopback: whom the fleet talks to is not what is measured.
        var context = NewContext(ClientMethod());
        var isUsable = context != 0
            && Control(context, SetMinimumVersion, Tls13, null) == Ok
            && UseChain(context, chain) == Ok
            && UseKey(context, chain, Pem) == Ok;
        fixed (byte* names = "\u0002h2"u8)
        {
            isUsable = isUsable && SetProtocols(context, names, 3) == 0;
        }

        _ = Control(context, SetMode, ReleaseBuffers, null);
        return isUsable ? context : throw new BenchFailure($"OpenSSL cannot use {chain}");
    }

    [LibraryImport(Library, EntryPoint = "TLS_client_method")]
    private static partial nint ClientMethod();

    [LibraryImport(Library, EntryPoint = "SSL_CTX_new")]
    private static partial nint NewContext(nint method);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_ctrl")]
    private static partial nint Control(nint context, int command, nint number, void* argument);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_use_certificate_chain_file", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UseChain(nint context, string file);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_use_PrivateKey_file", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UseKey(nint context, string file, int type);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_alpn_protos")]
    private static partial int SetProtocols(nint context, byte* names, uint length);

    [LibraryImport(Library, EntryPoint = "SSL_new")]
    private static partial nint New(nint context);

    [LibraryImport(Library, EntryPoint = "SSL_set_fd")]
    private static partial int SetSocket(nint connection, int fd);

    [LibraryImport(Library, EntryPoint = "SSL_connect")]
    private static partial int Connect(nint connection);

    [LibraryImport(Library, EntryPoint = "SSL_read")]
    private static partial int Read(nint connection, byte* buffer, int length);

    [LibraryImport(Library, EntryPoint = "SSL_write")]
    private static partial int Write(nint connection, byte* buffer, int length);

    [LibraryImport(Library, EntryPoint = "SSL_get_error")]
    private static partial int Error(nint connection, int result);
}
