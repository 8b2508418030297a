namespace Banyan.Wire.Http2;

/// <summary>Outcome of decoding a field block.</summary>
public enum FieldBlockStatus : byte
{
    Ok,

    /// <summary>Against RFC 9113 §8.1-8.3: a stream error PROTOCOL_ERROR. The table is in step.</summary>
    Malformed,

    /// <summary>Over <see cref="Http1.HeadLimits"/> as text; answer 431 to a request. The table is in step.</summary>
    TooLarge,

    /// <summary>Not HPACK: a connection error COMPRESSION_ERROR. The decoder must not be used again.</summary>
    CompressionError,
}
