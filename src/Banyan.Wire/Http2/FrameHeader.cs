using System.Buffers.Binary;

namespace Banyan.Wire.Http2;

/// <summary>The nine bytes before each frame's payload (RFC 9113 §4.1).</summary>
public readonly struct FrameHeader
{
    /// <summary>Bytes of a frame header.</summary>
    public const int Size = 9;

    /// <summary>Bytes of payload that its 24 bits can announce.</summary>
    public const int MaxLength = (1 << 24) - 1;

    private FrameHeader(int length, FrameType type, FrameFlags flags, int streamId)
    {
        Length = length;
        Type = type;
        Flags = flags;
        StreamId = streamId;
    }

    /// <summary>Bytes of payload, 0 to <see cref="MaxLength"/>.</summary>
    public int Length { get; }

    public FrameType Type { get; }

    public FrameFlags Flags { get; }

    /// <summary>0 for the connection; the reserved bit before it is ignored, as §4.1 asks.</summary>
    public int StreamId { get; }

    /// <summary>Reads the header at the start of <paramref name="bytes"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than <see cref="Size"/> bytes.</exception>
    public static FrameHeader Read(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes.Length, Size, nameof(bytes));
        var lengthAndType = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        return new FrameHeader(
            (int)(lengthAndType >> 8),
            (FrameType)(byte)lengthAndType,
            (FrameFlags)bytes[4],
            (int)(BinaryPrimitives.ReadUInt32BigEndian(bytes[5..]) & int.MaxValue));
    }

    /// <summary>Writes a header to the start of <paramref name="output"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The output is too short, or a number does not fit its
    /// bits.</exception>
    public static void Write(Span<byte> output, int length, FrameType type, FrameFlags flags, int streamId)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(output.Length, Size, nameof(output));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)MaxLength, nameof(length));
        ArgumentOutOfRangeException.ThrowIfNegative(streamId);
        BinaryPrimitives.WriteUInt32BigEndian(output, ((uint)length << 8) | (uint)type);
        output[4] = (byte)flags;
        BinaryPrimitives.WriteUInt32BigEndian(output[5..], (uint)streamId);
    }
}
