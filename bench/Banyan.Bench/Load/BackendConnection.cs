using System.Runtime.InteropServices;
using Banyan.Bench.Processes;

namespace Banyan.Bench.Load;

/// <summary>
/// A connection on which whole requests are answered. It has no buffer of its own: what is received in part is kept aside until the
/// rest of it comes, and what is sent lies with its owner.
/// </summary>
internal abstract unsafe class BackendConnection(int fd) : AcceptedConnection
{
    public const int BufferSize = 64 * 1024;

    /// <summary>What <see cref="Take"/> returns when the peer broke the protocol.</summary>
    protected const int Broken = -1;

    private byte[] _kept = [];
    private byte* _out;
    private nint _rest;

    /// <inheritdoc/>
    public sealed override bool Serve(byte* buffer)
    {
        if (_rest > 0)
        {
            if (!Flush())
            {
                return true;
            }

            if (Answer(buffer, Restore(buffer)) is not Progress.Going and var progress)
            {
                return progress == Progress.Full;
            }
        }

        while (true)
        {
            var start = Restore(buffer);
            var got = Native.Receive(fd, buffer + start, BufferSize - start, 0);
            if (got <= 0)
            {
                return got < 0 && Marshal.GetLastSystemError() is Native.Again or Native.Interrupted;
            }

            var progress = Answer(buffer, start + (int)got);
            if (progress != Progress.Going || got < BufferSize - start)
            {
                return progress != Progress.Over;
            }
        }
    }

    /// <summary>Answers what is whole; stops when the socket takes no more.</summary>
    /// <returns>Bytes that were used, or <see cref="Broken"/>.</returns>
    protected abstract int Take(byte* bytes, int length);

    /// <summary>Sends bytes that stay where they are until all of them are sent; false when the socket takes no more for now.</summary>
    protected bool Send(byte* bytes, nint length)
    {
        _out = bytes;
        _rest = length;
        return Flush();
    }

    private Progress Answer(byte* buffer, int length)
    {
        var used = Take(buffer, length);
        if (used == Broken)
        {
            return Progress.Over;
        }

        if (used < length || _kept.Length > 0)
        {
            _kept = new ReadOnlySpan<byte>(buffer + used, length - used).ToArray();
        }

        return _rest == 0 ? Progress.Going : Progress.Full;
    }

    private int Restore(byte* buffer)
    {
        _kept.CopyTo(new Span<byte>(buffer, BufferSize));
        return _kept.Length;
    }

    private bool Flush()
    {
        while (_rest > 0)
        {
            var sent = Native.Send(fd, _out, _rest, Native.NoSignal);
            if (sent < 0)
            {
                return false;
            }

            _out += sent;
            _rest -= sent;
        }

        return true;
    }

    private enum Progress
    {
        /// <summary>Everything was answered that was whole.</summary>
        Going,

        /// <summary>The socket takes no more.</summary>
        Full,

        /// <summary>The connection is over.</summary>
        Over,
    }
}
