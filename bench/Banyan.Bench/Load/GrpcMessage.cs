using System.Buffers.Binary;

namespace Banyan.Bench.Load;

/// <summary>A gRPC message as the body of a request or an answer: a flag, the length, and as many bytes.</summary>
internal static class GrpcMessage
{
    public const string ContentType = "application/grpc";
    public const string StatusField = "grpc-status";
    public const int PrefixBytes = 5;

    /// <summary>Messages in the answer to a request whose own message is empty: what a server streams.</summary>
    public const int Streamed = 100;

    public static byte[] OfSize(int size)
    {
        var bytes = new byte[PrefixBytes + size];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(1), size);
        bytes.AsSpan(PrefixBytes).Fill((byte)'b');
        return bytes;
    }
}
