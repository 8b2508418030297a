using System.Buffers;
using System.Buffers.Binary;

namespace Banyan.Xds.Grpc;

/// <summary>What stands at the front of a buffer of gRPC bytes.</summary>
public enum GrpcFrameStatus
{
    /// <summary>The message is not complete yet.</summary>
    Incomplete,

    /// <summary>A whole message stands at the front.</summary>
    Complete,

    /// <summary>The message is longer than the reader allows; the stream ends with RESOURCE_EXHAUSTED.</summary>
    TooLong,

    /// <summary>The message is compressed, which was never offered; the stream ends with UNIMPLEMENTED.</summary>
    Compressed,

    /// <summary>The flag byte has no meaning; the stream ends with INTERNAL.</summary>
    Malformed,
}

/// <summary>
/// The length-prefixed message of gRPC: one flag byte, four bytes of length, the message. Bytes in, values out;
/// both the control plane's server and the proxy's client use it.
/// </summary>
public static class GrpcFrame
{
    /// <summary>Bytes before every message.</summary>
    public const int PrefixLength = 5;

    /// <summary>The longest message either side accepts: 16 MiB.</summary>
    public const int MaxMessageLength = 16 * 1024 * 1024;

    /// <summary>
    /// Reads the message at the front of <paramref name="buffer"/>. When the result is
    /// <see cref="GrpcFrameStatus.Complete"/>, the message is
    /// <c>buffer.Slice(PrefixLength, messageLength)</c>; when it is <see cref="GrpcFrameStatus.Incomplete"/>,
    /// <paramref name="messageLength"/> says how long it will be, or -1 while even the prefix is missing.
    /// </summary>
    public static GrpcFrameStatus TryRead(
        ReadOnlySpan<byte> buffer, out int messageLength, int maxMessageLength = MaxMessageLength)
    {
        messageLength = -1;
        if (buffer.Length < PrefixLength)
        {
            return buffer.Length > 0 && buffer[0] > 1 ? GrpcFrameStatus.Malformed : GrpcFrameStatus.Incomplete;
        }

        var status = ReadPrefix(buffer, maxMessageLength, out messageLength);
        if (status != GrpcFrameStatus.Complete)
        {
            return status;
        }

        return buffer.Length - PrefixLength >= messageLength ? GrpcFrameStatus.Complete : GrpcFrameStatus.Incomplete;
    }

    /// <summary>
    /// Takes the message at the front of <paramref name="buffer"/> off it. The message shares the buffer's memory.
    /// </summary>
    public static GrpcFrameStatus TryRead(
        ref ReadOnlySequence<byte> buffer,
        out ReadOnlySequence<byte> message,
        int maxMessageLength = MaxMessageLength)
    {
        message = default;
        Span<byte> prefix = stackalloc byte[PrefixLength];
        var have = (int)Math.Min(buffer.Length, PrefixLength);
        buffer.Slice(0, have).CopyTo(prefix);
        var status = TryRead(prefix[..have], out var length, maxMessageLength);
        if (status is not (GrpcFrameStatus.Incomplete or GrpcFrameStatus.Complete)
            || length < 0 || buffer.Length - PrefixLength < length)
        {
            return status;
        }

        message = buffer.Slice(PrefixLength, length);
        buffer = buffer.Slice(message.End);
        return GrpcFrameStatus.Complete;
    }

    /// <summary>Writes the prefix of an uncompressed message of that length.</summary>
    public static void WritePrefix(Span<byte> destination, int messageLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(messageLength);
        destination[0] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(destination[1..], (uint)messageLength);
    }

    private static GrpcFrameStatus ReadPrefix(ReadOnlySpan<byte> prefix, int maxMessageLength, out int messageLength)
    {
        messageLength = -1;
        if (prefix[0] > 1)
        {
            return GrpcFrameStatus.Malformed;
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        if (length > (uint)maxMessageLength)
        {
            return GrpcFrameStatus.TooLong;
        }

        messageLength = (int)length;
        return prefix[0] == 1 ? GrpcFrameStatus.Compressed : GrpcFrameStatus.Complete;
    }
}
