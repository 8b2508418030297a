namespace Banyan.Wire.Http1;

/// <summary>A parsed response head: offsets into the received bytes and what they mean. Reusable; not thread-safe.</summary>
public sealed class ResponseHead
{
    public HttpVersion Version;
    public int StatusCode;
    public int ReasonStart;
    public int ReasonLength;

    /// <summary>Bytes of the whole head including the empty line, counted from offset 0 of the input.</summary>
    public int Length;

    public readonly FieldLine[] Fields = new FieldLine[HeadLimits.MaxFields];
    public int FieldCount;

    public BodyFraming Framing;
    public long ContentLength;

    /// <summary>The connection cannot be used again after this response.</summary>
    public bool Close;

    /// <summary>Keep-Alive: timeout=N in seconds, or -1.</summary>
    public int KeepAliveTimeout;

    public Malformed Reason;
    internal int Scanned;

    public ReadOnlySpan<FieldLine> Lines => Fields.AsSpan(0, FieldCount);

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

    /// <summary>Call before the first parse of a new response on the same object.</summary>
    public void Reset()
    {
        Scanned = 0;
        FieldCount = 0;
        Reason = Malformed.None;
    }
}
