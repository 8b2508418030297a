namespace Banyan.Wire.Http2;

/// <summary>Reasons in RST_STREAM and GOAWAY (RFC 9113 §7). A code that is not here counts as
/// <see cref="InternalError"/>.</summary>
public enum ErrorCode : uint
{
    NoError = 0,
    ProtocolError = 1,
    InternalError = 2,
    FlowControlError = 3,
    SettingsTimeout = 4,
    StreamClosed = 5,
    FrameSizeError = 6,

    /// <summary>Nothing was done with the stream: it can be sent again.</summary>
    RefusedStream = 7,
    Cancel = 8,
    CompressionError = 9,
    ConnectError = 10,
    EnhanceYourCalm = 11,
    InadequateSecurity = 12,
    Http11Required = 13,
}
