using System.Runtime.InteropServices;
using Banyan.Proxy.Reactor;

namespace Banyan.Proxy.Tls;

/// <summary>OpenSSL's view of a <see cref="Sock"/>: a BIO whose data is the socket's <see cref="Sock.Key"/>.</summary>
/// <remarks>No handle keeps an object alive for native code, and a key of a closed socket finds nothing. The socket knows
/// when its wire is empty, so that no call is made to hear EAGAIN. One method table for the process, never freed.</remarks>
internal static unsafe class SockBio
{
    private static readonly nint Method = Make();

    /// <summary>A BIO for that socket; the SSL that gets it owns it. 0 when memory has run out.</summary>
    internal static nint Create(Sock sock)
    {
        var bio = OpenSsl.BIO_new(Method);
        if (bio != 0)
        {
            OpenSsl.BIO_set_data(bio, sock.Key);
            OpenSsl.BIO_set_init(bio, 1);
        }

        return bio;
    }

    /// <summary>The connection of an SSL that is used on this thread; null once its socket is closed.</summary>
    internal static TlsConnection? ConnectionOf(nint ssl)
    {
        var bio = ssl == 0 ? 0 : OpenSsl.SSL_get_rbio(ssl);
        return bio == 0 ? null : SockOf(bio)?.Layer as TlsConnection;
    }

    private static Sock? SockOf(nint bio) => EventLoop.Current?.Find(OpenSsl.BIO_get_data(bio));

    private static nint Make()
    {
        nint method;
        fixed (byte* name = "reactor socket"u8)
        {
            // The library keeps a copy of the name.
            method = OpenSsl.BIO_meth_new(OpenSsl.BIO_get_new_index() | OpenSsl.BioTypeSourceSink, name);
        }

        if (method == 0
            || OpenSsl.BIO_meth_set_read(method, &Read) != 1
            || OpenSsl.BIO_meth_set_write(method, &Write) != 1
            || OpenSsl.BIO_meth_set_ctrl(method, &Control) != 1)
        {
            throw new TlsException($"OpenSSL refuses a BIO of our own: {OpenSslLibrary.LastError()}");
        }

        return method;
    }

    // No exception may leave these: there is no managed frame above them that could catch it.
    [UnmanagedCallersOnly]
    private static int Read(nint bio, byte* buffer, int length)
    {
        try
        {
            // Flags of the last call would turn an end into an endless wish to read.
            OpenSsl.BIO_clear_flags(bio, OpenSsl.BioFlagsOfRetry);
            var sock = SockOf(bio);
            if (sock is null || sock.Layer is TlsConnection { IsFlooded: true })
            {
                return -1;
            }

            var n = sock.WireRead(buffer, length);
            if (n == Sock.WouldBlock)
            {
                OpenSsl.BIO_set_flags(bio, OpenSsl.BioFlagRead | OpenSsl.BioFlagRetry);
            }

            return n < 0 ? -1 : n;
        }
        catch (Exception fault)
        {
            EventLoop.Current?.ReportFault(fault);
            return -1;
        }
    }

    [UnmanagedCallersOnly]
    private static int Write(nint bio, byte* buffer, int length)
    {
        try
        {
            OpenSsl.BIO_clear_flags(bio, OpenSsl.BioFlagsOfRetry);
            var sock = SockOf(bio);
            if (sock is null)
            {
                return -1;
            }

            var n = sock.WireWrite(buffer, length);
            if (n == Sock.WouldBlock)
            {
                OpenSsl.BIO_set_flags(bio, OpenSsl.BioFlagWrite | OpenSsl.BioFlagRetry);
            }

            return n < 0 ? -1 : n;
        }
        catch (Exception fault)
        {
            EventLoop.Current?.ReportFault(fault);
            return -1;
        }
    }

    [UnmanagedCallersOnly]
    private static nint Control(nint bio, int command, nint number, void* argument) =>
        command == OpenSsl.BioCtrlFlush ? 1 : 0;
}
