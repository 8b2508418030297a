namespace Banyan.Wire.Http2;

/// <summary>The flags of a frame (RFC 9113 §6). What a bit means depends on the type; bits without meaning are
/// ignored.</summary>
[Flags]
public enum FrameFlags : byte
{
    None = 0,

    /// <summary>DATA and HEADERS: the sender's half of the stream ends here.</summary>
    EndStream = 0x1,

    /// <summary>SETTINGS and PING: an acknowledgement. The same bit as <see cref="EndStream"/>.</summary>
    Ack = 0x1,

    /// <summary>HEADERS, PUSH_PROMISE and CONTINUATION: the field block ends here.</summary>
    EndHeaders = 0x4,

    /// <summary>DATA, HEADERS and PUSH_PROMISE: the payload starts with a length of padding.</summary>
    Padded = 0x8,

    /// <summary>HEADERS: five bytes of priority stand before the field block.</summary>
    Priority = 0x20,
}
