using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Banyan.Control.Hosting;

/// <summary>
/// Who is at the other end of a unix socket. The file's mode says the same (0600), but there is a moment between
/// the making of the file and the setting of its mode.
/// </summary>
internal static partial class PeerCheck
{
    private const int SolSocket = 1;
    private const int PeerCredentials = 17;
    private const uint Root = 0;

    /// <summary>Whether the peer is this user, or root.</summary>
    public static bool IsTrusted(Socket? socket, out uint user)
    {
        user = uint.MaxValue;
        if (socket is null)
        {
            return false;
        }

        // struct ucred: pid, uid, gid.
        Span<byte> credentials = stackalloc byte[12];
        try
        {
            if (socket.GetRawSocketOption(SolSocket, PeerCredentials, credentials) < credentials.Length)
            {
                return false;
            }
        }
        catch (SocketException)
        {
            // It has gone already.
            return false;
        }

        user = MemoryMarshal.Read<uint>(credentials[4..]);
        return user == Root || user == geteuid();
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();
}
