using System.Globalization;
using System.Text;

namespace Banyan.Xds.Grpc;

/// <summary>Names and values of the fields that gRPC adds to HTTP/2, and the encoding of its message.</summary>
public static class GrpcTrailers
{
    /// <summary>Trailer (or header, in an answer without body) with the status number.</summary>
    public const string Status = "grpc-status";

    /// <summary>Trailer with the percent-encoded message.</summary>
    public const string Message = "grpc-message";

    /// <summary>The content type of every request and answer.</summary>
    public const string ContentType = "application/grpc";

    /// <summary>The path of delta xDS.</summary>
    public const string DeltaAggregatedResources =
        "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";

    /// <summary>The path of the reports of proxies.</summary>
    public const string StreamEdges = "/banyan.report.v1.ReportService/StreamEdges";

    /// <summary>The path that certificates are asked for at.</summary>
    public const string Certify = "/banyan.identity.v1.Identity/Certify";

    /// <summary>The path that anchors are asked for at.</summary>
    public const string FetchTrust = "/banyan.identity.v1.Identity/FetchTrust";

    /// <summary>The path of state-of-the-world xDS.</summary>
    public const string StreamAggregatedResources =
        "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources";

    /// <summary>The longest message that is sent or kept.</summary>
    public const int MaxMessageLength = 4096;

    /// <summary>Whether the content type is gRPC's with protobuf messages.</summary>
    public static bool IsGrpc(string? contentType) =>
        contentType is not null
        && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == ContentType.Length
            || contentType[ContentType.Length] is ';'
            || contentType.AsSpan(ContentType.Length) is "+proto"
            || contentType.AsSpan(ContentType.Length).StartsWith("+proto;", StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// Reads a status value; anything that is not a known number is <see cref="GrpcStatusCode.Unknown"/>.
    /// </summary>
    public static GrpcStatusCode ParseStatus(ReadOnlySpan<char> value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 0 and <= 16
            ? (GrpcStatusCode)number
            : GrpcStatusCode.Unknown;

    /// <summary>The text of a status as it goes on the wire.</summary>
    public static string FormatStatus(GrpcStatusCode status) =>
        ((int)status).ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// Percent-encodes a message: every byte of its UTF-8 outside space..~ and the percent sign itself.
    /// </summary>
    public static string EncodeMessage(string message)
    {
        var bytes = Encoding.UTF8.GetBytes(message);
        var text = new StringBuilder(bytes.Length);
        foreach (var value in bytes)
        {
            if (text.Length >= MaxMessageLength)
            {
                break;
            }

            if (value is >= 0x20 and <= 0x7e and not (byte)'%')
            {
                text.Append((char)value);
            }
            else
            {
                text.Append('%').Append(value.ToString("X2", CultureInfo.InvariantCulture));
            }
        }

        return text.ToString();
    }

    /// <summary>Undoes <see cref="EncodeMessage"/>; a broken escape stays as it is, as gRPC asks.</summary>
    public static string DecodeMessage(ReadOnlySpan<char> message)
    {
        if (message.Length > MaxMessageLength)
        {
            message = message[..MaxMessageLength];
        }

        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(message.Length)];
        var count = 0;
        for (var i = 0; i < message.Length; i++)
        {
            if (message[i] == '%' && i + 2 < message.Length
                && byte.TryParse(message.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier,
                    CultureInfo.InvariantCulture, out var value))
            {
                bytes[count++] = value;
                i += 2;
            }
            else
            {
                count += Encoding.UTF8.GetBytes(message.Slice(i, 1), bytes.AsSpan(count));
            }
        }

        return Encoding.UTF8.GetString(bytes, 0, count);
    }
}
