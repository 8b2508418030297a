namespace Banyan.Wire.Http1;

/// <summary>What request and response heads have in common: the field lines, the framing and where parsing stands.</summary>
/// <remarks>Reusable; not thread-safe. All offsets count from the start of the parsed bytes.</remarks>
public abstract class MessageHead
{
    public readonly FieldLine[] Fields = new FieldLine[HeadLimits.MaxFields];
    public int FieldCount;
    public HttpVersion Version;
    public BodyFraming Framing;

    /// <summary>The value of Content-Length, or -1 without one. It can stand beside a <see cref="BodyFraming.None"/>
    /// (answers to HEAD, 304).</summary>
    public long ContentLength = -1;

    /// <summary>Bytes of the whole head including the empty line, counted from offset 0 of the input.</summary>
    public int Length;

    /// <summary>Why the head was refused; meaningful after Malformed or TooLarge.</summary>
    public Malformed Reason;

    /// <summary>How far an incomplete line was searched for its end, so that a slow sender costs linear time.</summary>
    internal int Scanned;

    /// <summary>Where the line begins that is being received.</summary>
    internal int LineStart;

    internal HeadPhase Phase;

    /// <summary>One bit for each <see cref="KnownField"/> that occurs.</summary>
    internal uint KnownBits;

    internal ConnectionOptions Options;

    public ReadOnlySpan<FieldLine> Lines => Fields.AsSpan(0, FieldCount);

    /// <summary>Whether a field of that meaning is there.</summary>
    public bool Has(KnownField known) => (KnownBits & (1u << (int)known)) != 0;

    /// <summary>Index of the first line of that known field, or -1.</summary>
    public int IndexOf(KnownField known)
    {
        if (!Has(known))
        {
            return -1;
        }

        for (var i = 0; i < FieldCount; i++)
        {
            if (Fields[i].Known == known)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Call before the first parse of a new message on the same object.</summary>
    public void Reset()
    {
        Phase = HeadPhase.Start;
        Scanned = 0;
        LineStart = 0;
        FieldCount = 0;
        KnownBits = 0;
        Options = ConnectionOptions.None;
        Reason = Malformed.None;
        ContentLength = -1;
        Framing = BodyFraming.None;
        Length = 0;
    }

    internal ParseStatus Refuse(Malformed reason)
    {
        Phase = HeadPhase.Done;
        Reason = reason;
        return reason is Malformed.HeadTooLong or Malformed.TooManyFields ? ParseStatus.TooLarge : ParseStatus.Malformed;
    }
}

/// <summary>Which part of a head comes next.</summary>
internal enum HeadPhase : byte
{
    Start,
    Fields,
    Done,
}

/// <summary>The connection options with a meaning of their own (RFC 9110 §7.6.1).</summary>
[Flags]
internal enum ConnectionOptions : byte
{
    None = 0,
    Close = 1,
    KeepAlive = 2,
    Upgrade = 4,
}
