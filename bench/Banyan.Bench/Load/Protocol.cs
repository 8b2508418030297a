namespace Banyan.Bench.Load;

/// <summary>What both legs of a hop speak.</summary>
internal enum Protocol
{
    /// <summary>HTTP/1.1.</summary>
    Http1,

    /// <summary>HTTP/2 without TLS, by prior knowledge.</summary>
    Http2,

    /// <summary>Unary gRPC over the same: a message each way, and trailers that end the answer.</summary>
    Grpc,

    /// <summary>Bytes that the proxy relays unread.</summary>
    Tcp,
}
