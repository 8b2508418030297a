namespace Banyan.Wire.Http1;

/// <summary>Why a message was refused: a closed list, one entry a rule of RFC 9112 / RFC 9110 or of data-plane limits.</summary>
/// <remarks>
/// Where the RFCs leave a choice, the stricter reading was taken; each entry says so. A request is answered 400 (431 for
/// the two limits), a response becomes 502, and the connection closes.
/// </remarks>
public enum Malformed : byte
{
    None,

    // Limits.

    /// <summary>The head is longer than <see cref="HeadLimits.MaxBytes"/>.</summary>
    HeadTooLong,

    /// <summary>More field lines than <see cref="HeadLimits.MaxFields"/>.</summary>
    TooManyFields,

    // Lines (RFC 9112 §2.2).

    /// <summary>CR without LF after it.</summary>
    BareCr,

    /// <summary>LF without CR before it. RFC 9112 lets a recipient take it for a line end; two parsers that differ in this are
    /// what request smuggling is made of.</summary>
    BareLf,

    /// <summary>NUL.</summary>
    Nul,

    /// <summary>Any other control byte except HTAB, DEL included.</summary>
    ControlByte,

    // Request line (RFC 9112 §3).

    /// <summary>More than one empty line before the request line.</summary>
    EmptyRequestLine,

    /// <summary>The method is empty or no token.</summary>
    Method,

    /// <summary>No target or no version (HTTP/0.9 is not spoken).</summary>
    RequestLineShort,

    /// <summary>White space other than the two single spaces.</summary>
    RequestLineSpace,

    /// <summary>Not <c>HTTP/1.</c> and one digit. 1.2 to 1.9 are read as 1.1 (RFC 9110 §2.5); the version sent on is always
    /// the proxy's own.</summary>
    Version,

    // Request target (RFC 9112 §3.2).

    /// <summary>A byte that no URI has: not ASCII, or one of <c>" &lt; &gt;</c>. What browsers send unescaped
    /// (<c>[ ] { } | ^ `</c>) passes; the backslash is left to the path rules.</summary>
    TargetByte,

    /// <summary>A fragment.</summary>
    TargetFragment,

    /// <summary>None of the four forms: neither a path nor an http or https URI.</summary>
    TargetForm,

    /// <summary><c>*</c> with a method other than OPTIONS.</summary>
    AsteriskMethod,

    /// <summary>User information in an absolute form (RFC 9110 §4.2.4).</summary>
    TargetUserInfo,

    /// <summary>The authority of an absolute form is no host with optional port.</summary>
    TargetAuthority,

    /// <summary>The target of CONNECT is not host and port.</summary>
    ConnectTarget,

    // Status line (RFC 9112 §4).

    /// <summary>Not a version, a space, three digits from 100 up, and a space before any reason phrase. A missing space after
    /// the code with no reason phrase passes: many servers leave it out.</summary>
    StatusLine,

    /// <summary>The status code is not three digits, or is below 100.</summary>
    StatusCode,

    // Field lines (RFC 9112 §5).

    /// <summary>White space between the start line and the first field.</summary>
    SpaceBeforeFirstField,

    /// <summary>Obsolete line folding in a request or a trailer section.</summary>
    ObsFold,

    /// <summary>A line without a colon.</summary>
    MissingColon,

    /// <summary>Nothing before the colon.</summary>
    EmptyFieldName,

    /// <summary>White space in a name or between name and colon.</summary>
    SpaceInFieldName,

    /// <summary>The name is no token.</summary>
    FieldName,

    // Host (RFC 9112 §3.2).

    /// <summary>HTTP/1.1 without Host.</summary>
    HostMissing,

    /// <summary>Host twice, equal or not.</summary>
    HostRepeated,

    /// <summary>No host with optional port. Stricter than RFC 3986: a registered name is letters, digits and <c>- . _ ~</c>, at
    /// most 255 bytes; no percent-encoding, no zone, no empty host, no empty port, no port 0.</summary>
    Host,

    // Content-Length (RFC 9112 §6.2, §6.3).

    /// <summary>Not only digits; a list, even of equal values, is refused.</summary>
    ContentLength,

    /// <summary>More than 2^63-1.</summary>
    ContentLengthOverflow,

    /// <summary>Twice, equal or not (RFC 9110 §8.6 allows to refuse both).</summary>
    ContentLengthRepeated,

    /// <summary>Beside Transfer-Encoding (RFC 9112 §6.1 allows to refuse both ways).</summary>
    LengthAndTransferEncoding,

    /// <summary>Content-Length above zero or Transfer-Encoding in a 1xx answer: what follows would be taken for the next answer.</summary>
    InterimWithBody,

    // Transfer-Encoding (RFC 9112 §6.1).

    /// <summary>In an HTTP/1.0 message.</summary>
    TransferEncodingIn10,

    /// <summary>Requests: a coding other than chunked. Responses: an element that is no token.</summary>
    TransferCoding,

    /// <summary>Chunked more than once.</summary>
    ChunkedTwice,

    /// <summary>Requests: a coding after chunked.</summary>
    ChunkedNotLast,

    // Connection, Expect (RFC 9110 §7.6.1, §10.1.1).

    /// <summary>A connection option that is no token.</summary>
    ConnectionOption,

    /// <summary>More than 32 connection options.</summary>
    TooManyConnectionOptions,

    /// <summary>Expect is anything but a single <c>100-continue</c>.</summary>
    Expectation,

    // Chunked bodies (RFC 9112 §7.1).

    /// <summary>A chunk size that does not start with a hexadecimal digit or has something else after its digits.</summary>
    ChunkSize,

    /// <summary>A chunk size of more than 16 digits or above 2^63-1.</summary>
    ChunkSizeOverflow,

    /// <summary>A chunk extension that does not follow the grammar.</summary>
    ChunkExtension,

    /// <summary>Chunk extensions of more than <see cref="ChunkedBody.MaxExtensionBytes"/> bytes in one chunk.</summary>
    ChunkExtensionTooLong,

    /// <summary>No CRLF after chunk data: the data is longer than its size.</summary>
    ChunkDataEnd,

    /// <summary>A trailer section over <see cref="HeadLimits.MaxBytes"/>.</summary>
    TrailerTooLong,

    /// <summary>More trailer fields than <see cref="HeadLimits.MaxFields"/>.</summary>
    TooManyTrailers,

    /// <summary>A field for framing, routing, authentication or content format in the trailer section (RFC 9110 §6.5.1).</summary>
    TrailerForbidden,
}
