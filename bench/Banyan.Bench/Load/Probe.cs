using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Banyan.Bench.Load;

/// <summary>Asks a server once, by a client that looks at all of the answer.</summary>
internal static class Probe
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <summary>Something listens on that port of the loopback.</summary>
    public static bool Accepts(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>
    /// What is wrong with the answer; null when it came in the protocol of the load, was a success, and had the body (and for
    /// gRPC the type and the status) it should have.
    /// </summary>
    public static string? Fault(string url, LoadShape load)
    {
        try
        {
            using var client = new HttpClient { Timeout = Limit };
            using var request = Request(url, load);
            using var response = client.SendAsync(request).GetAwaiter().GetResult();
            var body = response.Content.ReadAsByteArrayAsync().GetAwaiter().GetResult();
            var isWhole = response.IsSuccessStatusCode && response.Version == request.Version && body.Length == load.AnswerBytes
                && (load.Protocol != Protocol.Grpc || IsOk(response));
            return isWhole ? null : $"{response}\n{body.Length} bytes";
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            return e.Message;
        }
    }

    private static HttpRequestMessage Request(string url, LoadShape load)
    {
        var isGrpc = load.Protocol == Protocol.Grpc;
        var request = new HttpRequestMessage(isGrpc ? HttpMethod.Post : HttpMethod.Get, url + load.Path)
        {
            Version = load.Protocol == Protocol.Http1 ? HttpVersion.Version11 : HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (isGrpc)
        {
            request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
            request.Content = new ByteArrayContent(GrpcMessage.OfSize(load.Body))
            {
                Headers = { ContentType = new MediaTypeHeaderValue(GrpcMessage.ContentType) },
            };
        }

        return request;
    }

    private static bool IsOk(HttpResponseMessage response) =>
        response.Content.Headers.ContentType?.MediaType == GrpcMessage.ContentType
        && response.TrailingHeaders.TryGetValues(GrpcMessage.StatusField, out var status)
        && string.Join(',', status) == "0";
}
