namespace Banyan.Wire.Http2;

/// <summary>Outcome of decoding one Huffman string.</summary>
internal enum HuffmanStatus : byte
{
    Ok,

    /// <summary>Well formed, and longer than the output; what the output holds means nothing.</summary>
    TooLong,

    /// <summary>EOS in it, or padding that is longer than 7 bits or has a zero (RFC 7541 §5.2).</summary>
    Invalid,
}
