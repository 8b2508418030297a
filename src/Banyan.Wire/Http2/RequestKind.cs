namespace Banyan.Wire.Http2;

/// <summary>What a request asks of its stream.</summary>
public enum RequestKind : byte
{
    /// <summary>An ordinary exchange.</summary>
    Plain,

    /// <summary>CONNECT: a tunnel to an authority (RFC 9113 §8.5).</summary>
    Connect,

    /// <summary>CONNECT with <c>:protocol</c>: another protocol on the stream (RFC 8441 §4).</summary>
    ExtendedConnect,
}
