namespace Banyan.Wire.Http1;

/// <summary>The HTTP versions that HTTP/1 syntax carries (RFC 9112 §2.3).</summary>
public enum HttpVersion : byte
{
    Http10,
    Http11,
}

/// <summary>Registered methods; everything else is <see cref="Other"/> and kept as its token (RFC 9110 §9).</summary>
public enum RequestMethod : byte
{
    Other,
    Get,
    Head,
    Post,
    Put,
    Delete,
    Patch,
    Options,
    Trace,
    Connect,
}

/// <summary>The four forms of a request target (RFC 9112 §3.2).</summary>
public enum TargetForm : byte
{
    Origin,
    Absolute,
    Authority,
    Asterisk,
}

/// <summary>How the end of a message body is found (RFC 9112 §6).</summary>
public enum BodyFraming : byte
{
    None,
    Length,
    Chunked,
    UntilClose,
}

/// <summary>Outcome of one attempt to parse a head.</summary>
public enum ParseStatus : byte
{
    /// <summary>The whole head was there; the head object is filled.</summary>
    Complete,

    /// <summary>Not refused so far; call again with more bytes.</summary>
    Incomplete,

    /// <summary>Refused for good; the head's <c>Reason</c> says why. Answer 400 (request) or 502 (response).</summary>
    Malformed,

    /// <summary>Over the limit of bytes or fields. Answer 431 (request) or 502 (response).</summary>
    TooLarge,
}

/// <summary>Field names that a proxy treats by meaning; everything else is <see cref="Other"/>.</summary>
public enum KnownField : byte
{
    Other,
    Host,
    Connection,
    ContentLength,
    TransferEncoding,
    Te,
    Trailer,
    Upgrade,
    KeepAlive,
    ProxyConnection,
    ProxyAuthenticate,
    ProxyAuthorization,
    Expect,
    Date,
    RetryAfter,
    TraceParent,
    TraceState,
    Baggage,
    ContentType,
    GrpcTimeout,
    GrpcStatus,
    ForwardedClientCert,

    /// <summary>Any name that starts with <c>x-banyan-</c>.</summary>
    Banyan,
}
