using System.Runtime.CompilerServices;
using Banyan.Xds.Grpc;

namespace Banyan.Proxy.Xds;

/// <summary>Takes gRPC messages off a response body.</summary>
internal static class MessageReader
{
    private const int SmallBuffer = 4096;

    /// <summary>The messages, each in an array of its own, until the stream ends.</summary>
    public static async IAsyncEnumerable<byte[]> ReadAsync(Stream body, [EnumeratorCancellation] CancellationToken cancel)
    {
        var buffer = new byte[SmallBuffer];
        var filled = 0;
        while (true)
        {
            var start = 0;
            while (Take(buffer.AsSpan(start, filled - start)) is { } message)
            {
                start += GrpcFrame.PrefixLength + message.Length;
                yield return message;
            }

            buffer = MakeRoom(buffer, start, ref filled);
            var read = await body.ReadAsync(buffer.AsMemory(filled), cancel);
            if (read == 0)
            {
                if (filled > 0)
                {
                    throw new InvalidDataException("the stream ended within a message");
                }

                yield break;
            }

            filled += read;
        }
    }

    private static byte[]? Take(ReadOnlySpan<byte> bytes) => GrpcFrame.TryRead(bytes, out var length) switch
    {
        GrpcFrameStatus.Complete => bytes.Slice(GrpcFrame.PrefixLength, length).ToArray(),
        GrpcFrameStatus.Incomplete => null,
        var problem => throw new InvalidDataException($"the control plane sent a bad gRPC message: {problem}"),
    };

    // Moves what is left to the front of a buffer that holds the whole next message; back to a small one when there is nothing.
    private static byte[] MakeRoom(byte[] buffer, int start, ref int filled)
    {
        var rest = buffer.AsSpan(start, filled - start);
        GrpcFrame.TryRead(rest, out var length);
        var needed = Math.Max(SmallBuffer, length < 0 ? 0 : GrpcFrame.PrefixLength + length);
        var next = needed == buffer.Length ? buffer : new byte[needed];
        rest.CopyTo(next);
        filled = rest.Length;
        return next;
    }
}
