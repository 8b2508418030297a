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
    /// <param name="limit">Longest silence; two seconds when it is null.</param>
    public static string? Fault(string url, LoadShape load, TimeSpan? limit = null)
    {
        if (load.Protocol == Protocol.Tcp)
        {
            return TcpFault(new Uri(url).Port, load.Body, limit ?? Limit);
        }

        try
        {
            using var client = new HttpClient { Timeout = limit ?? Limit };
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

    /// <summary>Bytes both ways and the end of both directions.</summary>
    private static string? TcpFault(int port, int size, TimeSpan limit)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveTimeout = (int)limit.TotalMilliseconds,
            SendTimeout = (int)limit.TotalMilliseconds,
        };
        var got = 0;
        try
        {
            socket.Connect(IPAddress.Loopback, port);

            // A thread of its own: who waits here may be what keeps the pool's busy.
            var sending = Task.Factory.StartNew(
                () =>
                {
                    socket.Send(new byte[size]);
                    socket.Shutdown(SocketShutdown.Send);
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
            var buffer = new byte[BackendConnection.BufferSize];
            for (var count = socket.Receive(buffer); count > 0; count = socket.Receive(buffer))
            {
                for (var i = 0; i < count; i++, got++)
                {
                    if (buffer[i] != TcpPattern.At(got))
                    {
                        return $"byte {got} is {buffer[i]}";
                    }
                }
            }

            sending.GetAwaiter().GetResult();
            return got == size ? null : $"{got} of {size} bytes";
        }
        catch (SocketException e)
        {
            return $"{e.Message} after {got} bytes";
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
            request.Content = new ByteArrayContent(GrpcMessage.OfSize(load.AskedBytes))
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
