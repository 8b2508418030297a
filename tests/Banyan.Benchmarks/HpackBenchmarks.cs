using System.Text;
using Banyan.Wire.Http2;
using BenchmarkDotNet.Attributes;

namespace Banyan.Benchmarks;

/// <summary>Field blocks of a connection in its steady state: most fields repeat, three change with each request.</summary>
[MemoryDiagnoser]
public class HpackBenchmarks
{
    private const int Messages = 64;

    private readonly HpackEncoder _requests = new();
    private readonly HpackEncoder _responses = new();
    private readonly HpackDecoder _requestDecoder = new();
    private readonly HpackDecoder _responseDecoder = new();
    private readonly byte[][] _requestBlocks = new byte[Messages][];
    private readonly byte[][] _responseBlocks = new byte[Messages][];
    private readonly byte[] _text = new byte[64 * 1024];
    private readonly byte[] _block = new byte[8 * 1024];
    private int _next;

    private static readonly byte[][] Heads = [.. Enumerable.Range(0, Messages).Select(i => Encoding.Latin1.GetBytes(
        $"""
        POST /api/payments/authorize HTTP/1.1
        host: payments.default.svc.cluster.local:8080
        user-agent: grpc-java-netty/1.62.2
        content-type: application/json
        accept: application/json
        accept-encoding: gzip, deflate
        x-tenant: 4711-acme
        x-client-version: 2025.11.22
        cookie: session=0123456789abcdef0123456789abcdef
        traceparent: 00-0af7651916cd43dd8448eb211c80319c-{i:x16}-01
        x-request-id: 3f2c1a9e-0000-4000-8000-{i:x12}
        content-length: {i}


        """.ReplaceLineEndings("\r\n")))];

    private static readonly byte[][] Answers = [.. Enumerable.Range(0, Messages).Select(i => Encoding.Latin1.GetBytes(
        $"""
        HTTP/1.1 200 OK
        content-type: application/json; charset=utf-8
        date: Sat, 22 Nov 2025 10:00:{i % 60:d2} GMT
        server: Kestrel
        content-length: {i}


        """.ReplaceLineEndings("\r\n")))];

    [GlobalSetup]
    public void Fill()
    {
        for (var round = 0; round < 4; round++)
        {
            for (var i = 0; i < Messages; i++)
            {
                _requestBlocks[i] = _block[.._requests.EncodeRequest(Heads[i], _block)];
                _requestDecoder.DecodeRequest(_requestBlocks[i], _text, out _, out _);
                _responseBlocks[i] = _block[.._responses.EncodeResponse(Answers[i], _block)];
                _responseDecoder.DecodeResponse(_responseBlocks[i], _text, out _);
            }
        }
    }

    [Benchmark]
    public int EncodeRequest() => _requests.EncodeRequest(Heads[Next()], _block);

    [Benchmark]
    public FieldBlockStatus DecodeRequest() => _requestDecoder.DecodeRequest(_requestBlocks[Next()], _text, out _, out _);

    [Benchmark]
    public int EncodeResponse() => _responses.EncodeResponse(Answers[Next()], _block);

    [Benchmark]
    public FieldBlockStatus DecodeResponse() => _responseDecoder.DecodeResponse(_responseBlocks[Next()], _text, out _);

    private int Next() => _next = (_next + 1) % Messages;
}
