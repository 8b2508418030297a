using System.Buffers.Text;
using Banyan.Wire.Http1;

namespace Banyan.Proxy.Http;

/// <summary>What of gRPC a proxy understands: that a request is a call, its deadline, its status
/// (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md).</summary>
internal static class GrpcCall
{
    /// <summary>No status was seen.</summary>
    internal const int NoStatus = -1;

    internal const int DeadlineExceeded = 4;
    internal const int PermissionDenied = 7;
    internal const int ResourceExhausted = 8;
    internal const int Unimplemented = 12;
    internal const int Internal = 13;
    internal const int Unavailable = 14;

    internal const int Unauthenticated = 16;

    /// <summary>Highest status that the protocol knows.</summary>
    internal const int MaxStatus = Unauthenticated;

    private const int MaxTimeoutDigits = 8;

    private static ReadOnlySpan<byte> ContentType => "application/grpc"u8;

    /// <summary>The request is a call of gRPC: <c>application/grpc</c>, alone or with a message encoding. gRPC-Web is not.</summary>
    internal static bool Is(RequestHead head, ReadOnlySpan<byte> bytes)
    {
        var index = head.IndexOf(KnownField.ContentType);
        if (index < 0)
        {
            return false;
        }

        var value = head.Fields[index].Value(bytes);
        return value.StartsWith(ContentType) && (value.Length == ContentType.Length || value[ContentType.Length] is (byte)'+' or (byte)';');
    }

    /// <summary>Milliseconds of grpc-timeout, rounded up; null when there is none or it is not one.</summary>
    internal static long? Timeout(RequestHead head, ReadOnlySpan<byte> bytes)
    {
        var index = head.IndexOf(KnownField.GrpcTimeout);
        if (index < 0)
        {
            return null;
        }

        var value = head.Fields[index].Value(bytes);
        if (value.Length is < 2 or > MaxTimeoutDigits + 1
            || !Utf8Parser.TryParse(value[..^1], out long amount, out var used) || used != value.Length - 1 || amount < 0)
        {
            return null;
        }

        return value[^1] switch
        {
            (byte)'H' => amount * 3_600_000,
            (byte)'M' => amount * 60_000,
            (byte)'S' => amount * 1_000,
            (byte)'m' => amount,
            (byte)'u' => (amount + 999) / 1_000,
            (byte)'n' => (amount + 999_999) / 1_000_000,
            _ => null,
        };
    }

    /// <summary>The status that a response head says (a trailers-only answer), or <see cref="NoStatus"/>.</summary>
    internal static int Status(ResponseHead head, ReadOnlySpan<byte> bytes)
    {
        var index = head.IndexOf(KnownField.GrpcStatus);
        return index < 0 ? NoStatus : Number(head.Fields[index].Value(bytes));
    }

    /// <summary>The status in a trailer section of HTTP/1.1 text, or <see cref="NoStatus"/>.</summary>
    internal static int Status(ReadOnlySpan<byte> trailers)
    {
        while (true)
        {
            var end = trailers.IndexOf("\r\n"u8);
            if (end <= 0)
            {
                return NoStatus;
            }

            var line = trailers[..end];
            if (line.StartsWith("grpc-status:"u8))
            {
                return Number(line["grpc-status:"u8.Length..].TrimStart((byte)' '));
            }

            trailers = trailers[(end + 2)..];
        }
    }

    private static int Number(ReadOnlySpan<byte> value) =>
        Utf8Parser.TryParse(value, out int status, out var used) && used == value.Length && status is >= 0 and <= MaxStatus
            ? status
            : NoStatus;
}
