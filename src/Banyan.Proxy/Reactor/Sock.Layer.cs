using System.Diagnostics;

namespace Banyan.Proxy.Reactor;

/// <summary>The part of a socket that knows of a layer: then readiness of the wire and of the bytes above it are two things.</summary>
internal sealed unsafe partial class Sock
{
    private SockLayer? _layer;
    private bool _wireReadable;
    private bool _wireWritable;
    private bool _finishing;

    /// <summary>What the bytes go through, or null.</summary>
    internal SockLayer? Layer => _layer;

    /// <summary>Bytes of this socket may go through a kernel pipe.</summary>
    internal bool MaySplice => _layer is null;

    /// <summary>The wire has ended: the peer's FIN was read.</summary>
    internal bool WireEnded { get; private set; }

    /// <summary>A read of the wire is worth trying.</summary>
    internal bool WireReadable => _wireReadable;

    /// <summary>Number of this socket in its loop, and which of those that had the number.</summary>
    internal nint Key => (nint)(((ulong)Generation << 32) | (uint)Slot);

    /// <summary>From now on bytes go through the layer, which the socket owns.</summary>
    internal void Attach(SockLayer layer)
    {
        Debug.Assert(_layer is null, "one layer a socket");
        _layer = layer;
        _wireReadable = _read.Ready;
        _wireWritable = _write.Ready;
    }

    /// <summary>Reads the wire: bytes, 0 at its end, <see cref="WouldBlock"/> or <see cref="Failed"/>.</summary>
    internal int WireRead(byte* buffer, int length)
    {
        if (!_wireReadable)
        {
            return WouldBlock;
        }

        var n = Receive(buffer, length);
        if (n > 0)
        {
            if (n < length && !PeerFinished)
            {
                _wireReadable = false;
            }

            return n;
        }

        WireEnded |= n == 0;
        _wireReadable &= n != WouldBlock;
        return n;
    }

    /// <summary>Writes the wire: bytes taken, <see cref="WouldBlock"/> or <see cref="Failed"/>.</summary>
    internal int WireWrite(byte* buffer, int length)
    {
        if (!_wireWritable)
        {
            return WouldBlock;
        }

        var n = Transmit(buffer, length);
        _wireWritable &= n == length;
        return n;
    }

    /// <summary>What the layer waits for: the reader of this socket has nothing to try before.</summary>
    internal void AwaitWire(bool read, bool write)
    {
        if (read)
        {
            _read.Ready = false;
        }

        if (write)
        {
            _write.Ready = false;
        }
    }

    /// <summary>The layer found the connection broken: as if the peer had reset it.</summary>
    internal void BreakLayer()
    {
        Broken = true;
        if (LastError == 0)
        {
            LastError = Libc.ECONNRESET;
        }
    }

    private bool LayerHasNews()
    {
        _read.Ready = _layer!.Absorb();
        return _read.Ready;
    }

    private int ReadLayer(Span<byte> buffer)
    {
        var n = _layer!.Read(buffer, out var again);
        if (!again)
        {
            _read.Ready = false;
        }

        return n;
    }

    private int WroteLayer(int n, int wanted)
    {
        if (n != Failed && n < wanted)
        {
            _write.Ready = false;
        }

        return n;
    }

    private void FinishLayer()
    {
        _finishing = !_layer!.FinishWriting();
        if (!_finishing)
        {
            _ = Libc.shutdown(Fd, Libc.SHUT_WR);
        }
    }

    private void OnLayerEvents(bool readable, bool writable)
    {
        _wireReadable |= readable;
        _wireWritable |= writable;
        if (readable || (writable && _layer!.ReadNeedsWrite))
        {
            // A ticket or a key update is nothing for who holds an idle connection.
            if (_read.HasWaiter || IdleEvent is null || Broken || _layer!.Absorb())
            {
                _read.Ready = true;
                if (!_read.Wake(Wait.Ready, queued: false))
                {
                    IdleEvent?.Invoke();
                }
            }
        }

        if (Fd >= 0 && _finishing && writable)
        {
            FinishLayer();
        }

        if (Fd >= 0 && (writable || (readable && _layer!.WriteNeedsRead)))
        {
            _write.Ready = true;
            _write.Wake(Wait.Ready, queued: false);
        }
    }
}
