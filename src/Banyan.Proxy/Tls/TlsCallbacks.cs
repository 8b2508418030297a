using System.Runtime.InteropServices;
using Banyan.Proxy.Reactor;

namespace Banyan.Proxy.Tls;

/// <summary>What OpenSSL calls back during a call of ours, on the reactor's thread.</summary>
/// <remarks>No exception may leave them, and nothing is freed in them.</remarks>
internal static unsafe class TlsCallbacks
{
    [UnmanagedCallersOnly]
    internal static int Verify(nint verification, nint unused)
    {
        try
        {
            var ssl = OpenSsl.X509_STORE_CTX_get_ex_data(verification, OpenSsl.SSL_get_ex_data_X509_STORE_CTX_idx());
            return SockBio.ConnectionOf(ssl) is { } connection && connection.Verify(verification) ? 1 : 0;
        }
        catch (Exception fault)
        {
            EventLoop.Current?.ReportFault(fault);
            return 0;
        }
    }

    [UnmanagedCallersOnly]
    internal static int SelectProtocol(nint ssl, byte** chosen, byte* chosenLength, byte* offered, uint length, nint unused)
    {
        try
        {
            var at = SockBio.ConnectionOf(ssl)?.SelectProtocol(new ReadOnlySpan<byte>(offered, (int)length)) ?? -1;
            if (at < 0)
            {
                return OpenSsl.AlpnFatal;
            }

            // The answer has to live on: it is a part of what the client sent.
            *chosen = offered + at + 1;
            *chosenLength = offered[at];
            return OpenSsl.AlpnOk;
        }
        catch (Exception fault)
        {
            EventLoop.Current?.ReportFault(fault);
            return OpenSsl.AlpnFatal;
        }
    }

    [UnmanagedCallersOnly]
    internal static int NewSession(nint ssl, nint session)
    {
        try
        {
            // 1 = the reference is ours now.
            return SockBio.ConnectionOf(ssl)?.Keep(session) == true ? 1 : 0;
        }
        catch (Exception fault)
        {
            EventLoop.Current?.ReportFault(fault);
            return 0;
        }
    }

    [UnmanagedCallersOnly]
    internal static void Info(nint ssl, int where, int result)
    {
        try
        {
            if ((where & OpenSsl.CallbackLoop) != 0)
            {
                SockBio.ConnectionOf(ssl)?.OnMessage();
            }
        }
        catch (Exception fault)
        {
            EventLoop.Current?.ReportFault(fault);
        }
    }
}
