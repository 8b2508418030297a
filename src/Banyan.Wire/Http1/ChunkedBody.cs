namespace Banyan.Wire.Http1;

/// <summary>What one step over a chunked body found.</summary>
public enum ChunkStep : byte
{
    /// <summary>The consumed bytes are chunk data.</summary>
    Data,

    /// <summary>The consumed bytes are framing (size lines, CRLFs, trailers).</summary>
    Framing,

    /// <summary>Everything given was consumed; more is needed.</summary>
    NeedMore,

    /// <summary>The body ended; the consumed bytes are its last.</summary>
    End,

    /// <summary>Refused; Reason says why.</summary>
    Malformed,
}

/// <summary>Incremental, strict chunked transfer coding (RFC 9112 §7.1). A mutable struct of small state; any split of the
/// input gives the same result. The trailer section is bounded by <see cref="HeadLimits"/>.</summary>
public struct ChunkedBody
{
    public Malformed Reason { get; private set; }

    /// <summary>Advances over the start of <paramref name="bytes"/>; <paramref name="consumed"/> says by how much.</summary>
    public ChunkStep Advance(ReadOnlySpan<byte> bytes, out int consumed) => throw new NotSupportedException();
}
