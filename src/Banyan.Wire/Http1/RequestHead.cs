namespace Banyan.Wire.Http1;

/// <summary>A parsed request head: offsets into the received bytes and what they mean. Reusable; not thread-safe.</summary>
public sealed class RequestHead : MessageHead
{
    public RequestMethod Method;
    public int MethodLength;          // the token starts at 0 of the parsed bytes, after skipped empty lines: see Start
    public int Start;                 // offset of the first byte of the request line
    public int TargetStart;
    public int TargetLength;
    public TargetForm Form;

    /// <summary>Authority that counts: of the absolute or authority form, else of Host; empty length when there is none.</summary>
    public int AuthorityStart;
    public int AuthorityLength;

    /// <summary>Length of the host at the start of the authority, brackets of an IPv6 address included.</summary>
    public int HostLength;

    /// <summary>Port of the authority, or -1 when it names none.</summary>
    public int Port;

    /// <summary>Path and query of the target (origin form, or what follows the authority of an absolute form).
    /// Length 0 with <see cref="TargetForm.Absolute"/> means "/".</summary>
    public int PathStart;
    public int PathLength;

    /// <summary>Query after '?', without it; -1 start when there is none.</summary>
    public int QueryStart;
    public int QueryLength;

    /// <summary>The client asked to close after this exchange (or HTTP/1.0 without keep-alive).</summary>
    public bool Close;

    /// <summary>Connection: upgrade together with an Upgrade field, in HTTP/1.1. False for <c>h2c</c>, which a server may
    /// ignore (RFC 9110 §7.8) and which would carry requests past routing and policy.</summary>
    public bool Upgrade;

    /// <summary>Expect: 100-continue (RFC 9110 §10.1.1); ignored for HTTP/1.0.</summary>
    public bool ExpectContinue;

    /// <summary>TE contains trailers.</summary>
    public bool TeTrailers;

    public ReadOnlySpan<byte> MethodToken(ReadOnlySpan<byte> bytes) => bytes.Slice(Start, MethodLength);

    public ReadOnlySpan<byte> Target(ReadOnlySpan<byte> bytes) => bytes.Slice(TargetStart, TargetLength);

    public ReadOnlySpan<byte> Authority(ReadOnlySpan<byte> bytes) => bytes.Slice(AuthorityStart, AuthorityLength);

    /// <summary>The host of the authority without its port.</summary>
    public ReadOnlySpan<byte> Host(ReadOnlySpan<byte> bytes) => bytes.Slice(AuthorityStart, HostLength);

    /// <summary>The path without its query; "/" when an absolute form has none.</summary>
    public ReadOnlySpan<byte> PathOnly(ReadOnlySpan<byte> bytes)
    {
        var length = QueryStart < 0 ? PathLength : QueryStart - 1 - PathStart;
        return length == 0 ? "/"u8 : bytes.Slice(PathStart, length);
    }

    public ReadOnlySpan<byte> Path(ReadOnlySpan<byte> bytes) => PathLength == 0 ? "/"u8 : bytes.Slice(PathStart, PathLength);

    public ReadOnlySpan<byte> Query(ReadOnlySpan<byte> bytes) => QueryStart < 0 ? default : bytes.Slice(QueryStart, QueryLength);
}
