namespace Banyan.Examples.Protocols.Clients;

/// <summary>HTTP/1.1 through the proxy variables, as most programs do it.</summary>
internal static class Http1Client
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(30);

    public static Loop[] Loops()
    {
        var http = new HttpClient();
        http.DefaultRequestHeaders.ConnectionClose = Setting.Without("keep-alive");
        var (trailers, translated) = ("", "");
        return
        [
            new Loop("keep-alive", Pause, stop => http.GetStringAsync(new Uri("http://http1/keep-alive"), stop)),
            new Loop("chunked", Pause, stop => ChunkedAsync(http, stop)),
            new Loop("trailers", Pause, async stop =>
                trailers = await TrailersAsync("http1", "trailers", trailers, Setting.Without("trailers"), stop)),
            new Loop("translated", Pause, async stop =>
                translated = await TrailersAsync("http2:81", "translated", translated, isWithout: false, stop)),
        ];
    }

    private static async Task ChunkedAsync(HttpClient http, CancellationToken stop)
    {
        using var body = new RandomBody();
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://http1/chunked") { Content = body };
        request.Headers.Add(RandomBody.ChecksumField, body.Checksum);
        request.Headers.TransferEncodingChunked = !Setting.Without("chunks");
        using var response = await http.SendAsync(request, stop);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>
    /// The trailer of the last answer goes back with the next request. HttpClient cannot send trailers, so this is by
    /// hand.
    /// </summary>
    private static async Task<string> TrailersAsync(
        string service, string path, string receipt, bool isWithout, CancellationToken stop)
    {
        using var body = new RandomBody();
        await using var connection = await RawHttp1.ConnectAsync(Setting.Proxy, stop);
        await connection.SendAsync(
            $"POST http://{service}/{path} HTTP/1.1\r\nHost: {service}\r\nTE: trailers\r\nConnection: TE, close\r\n"
            + $"x-receipt: {receipt}\r\nTrailer: {RandomBody.ChecksumField}\r\nTransfer-Encoding: chunked\r\n\r\n",
            stop);
        foreach (var piece in body.Pieces())
        {
            await connection.SendChunkAsync(piece, stop);
        }

        var trailer = isWithout ? "" : $"{RandomBody.ChecksumField}: {body.Checksum}\r\n";
        await connection.SendAsync($"0\r\n{trailer}\r\n", stop);
        return await connection.ReadTrailerAsync("x-receipt", stop);
    }
}
