using System.Runtime.InteropServices;
using Banyan.Bench.Processes;

namespace Banyan.Bench.Load;

/// <summary>Sends as many bytes as it receives, and closes after the client has.</summary>
/// <remarks>Received bytes are dropped in the kernel (MSG_TRUNC, tcp(7)): a copy of them would only keep the load's CPU busy.</remarks>
internal sealed unsafe class TcpConnection(int fd) : AcceptedConnection
{
    /// <summary>With so much left to send nothing more is read: the peer has to feel that it is not read.</summary>
    private const int MostOwed = 1 << 20;

    private long _owed, _sent;
    private bool _ended;

    /// <inheritdoc/>
    public override bool Serve(byte* buffer)
    {
        while (true)
        {
            if (!Pay())
            {
                return Marshal.GetLastSystemError() is Native.Again or Native.Interrupted;
            }

            if (_ended)
            {
                return false;
            }

            var got = Native.Receive(fd, null, MostOwed, Native.Truncate);
            if (got < 0)
            {
                return Marshal.GetLastSystemError() is Native.Again or Native.Interrupted;
            }

            _ended = got == 0;
            _owed += got;
        }
    }

    /// <summary>False when the socket takes no more for now, or is broken.</summary>
    private bool Pay()
    {
        while (_owed > 0)
        {
            var sent = Native.Send(fd, TcpPattern.From(_sent), (nint)Math.Min(_owed, TcpPattern.Block), Native.NoSignal);
            if (sent < 0)
            {
                return false;
            }

            _sent += sent;
            _owed -= sent;
        }

        return true;
    }
}
