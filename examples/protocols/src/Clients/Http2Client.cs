using System.Net;

namespace Banyan.Examples.Protocols.Clients;

/// <summary>HTTP/2 by prior knowledge. HttpClient speaks it to no proxy: the calls go to fixed local ports.</summary>
internal static class Http2Client
{
    private const string Receipt = "x-receipt";
    private const int Together = 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static Loop[] Loops()
    {
        var http = new HttpClient
        {
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var (trailers, translated) = ("", "");
        return
        [
            new Loop("multiplexed", Pause, stop => Task.WhenAll(Enumerable.Range(0, Together).Select(
                _ => http.GetStringAsync(new Uri($"http://{Setting.Upstream("http2", 80)}/multiplexed"), stop)))),
            new Loop("trailers", Pause, async stop =>
                trailers = await SendAsync(http, $"{Setting.Upstream("http2", 82)}/trailers", trailers, stop)),
            new Loop("translated", Pause, async stop =>
                translated = await SendAsync(http, $"{Setting.Upstream("http1", 81)}/translated", translated, stop)),
        ];
    }

    /// <summary>Sends a body without a length, and reads the receipt behind the answer.</summary>
    private static async Task<string> SendAsync(HttpClient http, string place, string receipt, CancellationToken stop)
    {
        using var body = new RandomBody();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{place}")
        {
            Content = body,
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Add(RandomBody.ChecksumField, body.Checksum);
        request.Headers.Add(Receipt, receipt);
        using var response = await http.SendAsync(request, stop);
        response.EnsureSuccessStatusCode();
        return response.TrailingHeaders.TryGetValues(Receipt, out var values)
            ? values.First()
            : throw new InvalidDataException($"no trailer {Receipt} came");
    }
}
