using System.Buffers.Binary;
using System.Text;
using Banyan.Proxy.Snapshot;
using Banyan.Xds;
using Google.Protobuf;

namespace Banyan.Proxy.Health;

/// <summary>The messages of grpc.health.v1.Health/Check (grpc/doc/health-checking.md).</summary>
internal static class GrpcHealth
{
    internal const string StatusField = "grpc-status";

    private const int FrameHeader = 5;
    private const uint ServiceTag = (1 << 3) | 2;
    private const uint StatusTag = 1 << 3;
    private const int Serving = 1;

    private static readonly string[] Names = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

    internal static byte[] Head(string host, HealthCheckConfig check)
    {
        var timeout = (long)Math.Max(1, Math.Min(check.Timeout.TotalMilliseconds, 99_999_999));
        return Encoding.ASCII.GetBytes(
            $"POST /grpc.health.v1.Health/Check HTTP/1.1\r\nhost: {host}\r\nte: trailers\r\n"
            + $"content-type: application/grpc\r\ngrpc-timeout: {timeout}m\r\n\r\n");
    }

    /// <summary>HealthCheckRequest in its frame.</summary>
    internal static byte[] Request(string service)
    {
        var message = new byte[service.Length == 0 ? 0 : 1 + CodedOutputStream.ComputeStringSize(service)];
        if (message.Length > 0)
        {
            using var output = new CodedOutputStream(message);
            output.WriteRawTag((byte)ServiceTag);
            output.WriteString(service);
        }

        var frame = new byte[FrameHeader + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, FrameHeader);
        return frame;
    }

    /// <summary>What the answer says.</summary>
    /// <param name="status">Value of grpc-status; empty when there was none.</param>
    /// <param name="body">All that came of the body.</param>
    /// <param name="service">What was asked about, for the message.</param>
    internal static ProbeResult Judge(string status, ReadOnlySpan<byte> body, string service)
    {
        switch (status)
        {
            case "0":
                var serving = Status(body);
                return serving == Serving
                    ? ProbeResult.Success
                    : ProbeResult.Failure(
                        (uint)serving < (uint)Names.Length ? $"says {Names[serving]}" : "answered what is not a health check");
            case "5":
                return ProbeResult.Failure($"knows no health of the service \"{service}\" (NOT_FOUND)");
            case "12":
                return ProbeResult.Failure("has no health service grpc.health.v1.Health (UNIMPLEMENTED)");
            default:
                return ProbeResult.Failure(status.Length == 0 ? "ended without grpc-status" : $"answered grpc-status {status}");
        }
    }

    /// <summary>The status in a HealthCheckResponse; -1 when it is none. Absent means 0.</summary>
    private static int Status(ReadOnlySpan<byte> body)
    {
        if (body.Length < FrameHeader || body[0] != 0
            || BinaryPrimitives.ReadUInt32BigEndian(body[1..]) != (uint)(body.Length - FrameHeader))
        {
            return -1;
        }

        try
        {
            using var input = new CodedInputStream(body[FrameHeader..].ToArray());
            var status = 0;
            while (input.ReadTag() is var tag && tag != 0)
            {
                if (tag == StatusTag)
                {
                    status = input.ReadEnum();
                }
                else
                {
                    input.SkipLastField();
                }
            }

            return status;
        }
        catch (Exception error) when (Unreadable.Is(error))
        {
            return -1;
        }
    }
}
