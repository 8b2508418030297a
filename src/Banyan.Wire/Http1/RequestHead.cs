namespace Banyan.Wire.Http1;

/// <summary>A parsed request head: offsets into the received bytes and what they mean. Reusable; not thread-safe.</summary>
public sealed class RequestHead
{
    public RequestMethod Method;
    public int MethodLength;          // the token starts at 0 of the parsed bytes, after skipped empty lines: see Start
    public int Start;                 // offset of the first byte of the request line
    public int TargetStart;
    public int TargetLength;
    public TargetForm Form;
    public HttpVersion Version;

    /// <summary>Bytes of the whole head including the empty line, counted from offset 0 of the input.</summary>
    public int Length;

    /// <summary>Authority that counts: of the absolute or authority form, else of Host; empty length when there is none.</summary>
    public int AuthorityStart;
    public int AuthorityLength;

    /// <summary>Path and query of the target (origin form, or what follows the authority of an absolute form).
    /// Length 0 with <see cref="TargetForm.Absolute"/> means "/".</summary>
    public int PathStart;
    public int PathLength;

    /// <summary>Query after '?', without it; -1 start when there is none.</summary>
    public int QueryStart;
    public int QueryLength;

    public readonly FieldLine[] Fields = new FieldLine[HeadLimits.MaxFields];
    public int FieldCount;

    public BodyFraming Framing;
    public long ContentLength;

    /// <summary>The client asked to close after this exchange (or HTTP/1.0 without keep-alive).</summary>
    public bool Close;

    /// <summary>Connection: upgrade together with an Upgrade field.</summary>
    public bool Upgrade;

    /// <summary>Expect: 100-continue (RFC 9110 §10.1.1); ignored for HTTP/1.0.</summary>
    public bool ExpectContinue;

    /// <summary>TE contains trailers.</summary>
    public bool TeTrailers;

    /// <summary>Why the head was refused; meaningful after Malformed or TooLarge.</summary>
    public Malformed Reason;

    /// <summary>How far an incomplete head was searched for its end, so that a slow sender costs linear time.</summary>
    internal int Scanned;

    public ReadOnlySpan<byte> MethodToken(ReadOnlySpan<byte> bytes) => bytes.Slice(Start, MethodLength);

    public ReadOnlySpan<byte> Target(ReadOnlySpan<byte> bytes) => bytes.Slice(TargetStart, TargetLength);

    public ReadOnlySpan<byte> Authority(ReadOnlySpan<byte> bytes) => bytes.Slice(AuthorityStart, AuthorityLength);

    public ReadOnlySpan<byte> Path(ReadOnlySpan<byte> bytes) => PathLength == 0 ? "/"u8 : bytes.Slice(PathStart, PathLength);

    public ReadOnlySpan<byte> Query(ReadOnlySpan<byte> bytes) => QueryStart < 0 ? default : bytes.Slice(QueryStart, QueryLength);

    public ReadOnlySpan<FieldLine> Lines => Fields.AsSpan(0, FieldCount);

    /// <summary>Index of the first line of that known field, or -1.</summary>
    public int IndexOf(KnownField known)
    {
        for (var i = 0; i < FieldCount; i++)
        {
            if (Fields[i].Known == known)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Call before the first parse of a new request on the same object.</summary>
    public void Reset()
    {
        Scanned = 0;
        FieldCount = 0;
        Reason = Malformed.None;
    }
}
