namespace Banyan.Proxy.Reactor;

/// <summary>What stands between the bytes that users of a <see cref="Sock"/> see and those on the wire: TLS.</summary>
/// <remarks>Owned by its socket, called on the loop's thread alone. It reads and writes the wire through
/// <see cref="Sock.WireRead"/> and <see cref="Sock.WireWrite"/>, never through the socket's own methods.</remarks>
internal abstract class SockLayer
{
    /// <summary>Reading waits until the wire takes bytes.</summary>
    internal abstract bool ReadNeedsWrite { get; }

    /// <summary>Writing waits until the wire has bytes.</summary>
    internal abstract bool WriteNeedsRead { get; }

    /// <summary>As <see cref="Sock.TryRead"/>; says whether another attempt is worth it before the wire moves.</summary>
    internal abstract int Read(Span<byte> buffer, out bool again);

    /// <summary>As <see cref="Sock.TryWrite(ReadOnlySpan{byte})"/>. After a short write the next one begins with the bytes that
    /// were left, at another address if need be.</summary>
    internal abstract int Write(ReadOnlySpan<byte> buffer);

    /// <summary>Two pieces as one.</summary>
    internal abstract int Write(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second);

    /// <summary>Takes in what came while nobody reads; true when there is something for a reader: bytes, or an end.</summary>
    internal abstract bool Absorb();

    /// <summary>Says that no more will be written; false when the wire does not take that yet, and it is to be called again.</summary>
    internal abstract bool FinishWriting();

    /// <summary>Frees what the layer holds, once; an orderly end is announced to the peer if the wire takes it at once.</summary>
    internal abstract void Close(bool orderly);
}
