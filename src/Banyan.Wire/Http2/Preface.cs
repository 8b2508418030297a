namespace Banyan.Wire.Http2;

/// <summary>What a client sends first (RFC 9113 §3.4).</summary>
public static class Preface
{
    public static ReadOnlySpan<byte> Bytes => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;
}
