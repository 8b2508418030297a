using Banyan.Wire.Http1;
using BenchmarkDotNet.Attributes;

namespace Banyan.Benchmarks;

/// <summary>HTTP/1 heads and chunked bodies as they come in one piece.</summary>
public class ParserBenchmarks
{
    // What wrk sends through a sidecar, what an HTTP client library sends, what a browser sends.
    private static readonly byte[] Small = "GET /api/items/42 HTTP/1.1\r\nHost: shop.default:80\r\n\r\n"u8.ToArray();

    private static readonly byte[] Service =
        """
        POST /api/payments/authorize?order=1234 HTTP/1.1
        Host: payments.default
        Content-Type: application/json
        Content-Length: 131
        Accept: application/json
        traceparent: 00-0af7651916cd43dd8448eb211c80319c-01


        """u8.ToArray();

    private static readonly byte[] Browser =
        """
        GET /catalog/list?page=2&sort=price HTTP/1.1
        Host: shop.example.test
        Connection: keep-alive
        Cache-Control: max-age=0
        sec-ch-ua: "Chromium";v="130", "Not?A_Brand";v="99"
        sec-ch-ua-mobile: ?0
        sec-ch-ua-platform: "Linux"
        Upgrade-Insecure-Requests: 1
        User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36
        Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8
        Sec-Fetch-Site: same-origin
        Sec-Fetch-Mode: navigate
        Accept-Encoding: gzip, deflate, br, zstd
        Accept-Language: en-GB,en;q=0.9
        Cookie: session=0123456789abcdef0123456789abcdef; cart=42


        """u8.ToArray();

    private static readonly byte[] Answer =
        """
        HTTP/1.1 200 OK
        Content-Type: application/json; charset=utf-8
        Date: Sat, 22 Nov 2025 10:00:00 GMT
        Server: Kestrel
        Content-Length: 131


        """u8.ToArray();

    private static readonly byte[] Chunks = [.. "1f4\r\n"u8, .. new byte[500], .. "\r\n1f4\r\n"u8, .. new byte[500], .. "\r\n0\r\n\r\n"u8];

    private readonly RequestHead _request = new();
    private readonly ResponseHead _response = new();
    private byte[] _small = [];
    private byte[] _service = [];
    private byte[] _browser = [];
    private byte[] _answer = [];

    [GlobalSetup]
    public void Setup()
    {
        _small = Small;
        _service = Lines(Service);
        _browser = Lines(Browser);
        _answer = Lines(Answer);
        foreach (var bytes in (byte[][])[_small, _service, _browser])
        {
            Console.WriteLine($"// request of {bytes.Length} bytes: {RequestParser.Parse(bytes, _request)} {_request.Reason}");
        }

        Console.WriteLine($"// response of {_answer.Length} bytes: {ResponseParser.Parse(_answer, RequestMethod.Get, _response)}");
    }

    [Benchmark]
    public ParseStatus RequestSmall() => Parse(_small);

    [Benchmark]
    public ParseStatus RequestService() => Parse(_service);

    [Benchmark]
    public ParseStatus RequestBrowser() => Parse(_browser);

    [Benchmark]
    public ParseStatus Response()
    {
        _response.Reset();
        return ResponseParser.Parse(_answer, RequestMethod.Get, _response);
    }

    [Benchmark]
    public long ChunkedBody()
    {
        var body = default(Wire.Http1.ChunkedBody);
        var data = 0L;
        ReadOnlySpan<byte> rest = Chunks;
        while (true)
        {
            var step = body.Advance(rest, out var consumed);
            rest = rest[consumed..];
            if (step == ChunkStep.Data)
            {
                data += consumed;
            }
            else if (step != ChunkStep.Framing)
            {
                return data;
            }
        }
    }

    private static byte[] Lines(byte[] text) =>
        System.Text.Encoding.Latin1.GetBytes(System.Text.Encoding.Latin1.GetString(text).ReplaceLineEndings("\r\n"));

    private ParseStatus Parse(byte[] bytes)
    {
        _request.Reset();
        return RequestParser.Parse(bytes, _request);
    }
}
