using System.Runtime.CompilerServices;

namespace Banyan.Wire.Http1;

/// <summary>The trailer section, byte by byte (RFC 9112 §7.1.2): the rules of request fields, and no field that would change
/// how the message is framed, routed, authenticated or read.</summary>
internal struct TrailerLines
{
    private State _state;
    private NameBuffer _name;
    private int _nameLength;
    private int _bytes;

    private enum State : byte
    {
        LineStart,
        Name,
        Value,
        LineLf,
        EndLf,
        Ended,
    }

    /// <summary>Trailer fields so far.</summary>
    public int Count { get; private set; }

    public readonly bool Ended => _state == State.Ended;

    public Malformed Next(byte b)
    {
        if (++_bytes > HeadLimits.MaxBytes)
        {
            return Malformed.TrailerTooLong;
        }

        return _state switch
        {
            State.LineStart => LineStart(b),
            State.Name => Name(b),
            State.Value => Value(b),
            _ => Lf(b),
        };
    }

    private Malformed LineStart(byte b)
    {
        if (b == '\r')
        {
            _state = State.EndLf;
            return Malformed.None;
        }

        if (Syntax.IsSpace(b))
        {
            return Malformed.ObsFold;
        }

        if (b == ':')
        {
            return Malformed.EmptyFieldName;
        }

        if (++Count > HeadLimits.MaxFields)
        {
            return Malformed.TooManyTrailers;
        }

        _state = State.Name;
        _nameLength = 0;
        return Name(b);
    }

    private Malformed Name(byte b)
    {
        if (b == ':')
        {
            _state = State.Value;
            return JudgeName();
        }

        if (Syntax.IsSpace(b))
        {
            return Malformed.SpaceInFieldName;
        }

        if (b == '\r')
        {
            return Malformed.MissingColon;
        }

        if (b == '\n')
        {
            return Malformed.BareLf;
        }

        if (!Syntax.Token.Contains(b))
        {
            return Malformed.FieldName;
        }

        if (_nameLength < NameBuffer.Size)
        {
            _name[_nameLength++] = b;
        }

        return Malformed.None;
    }

    private readonly Malformed JudgeName()
    {
        if (TrailerNames.IsForbidden(((ReadOnlySpan<byte>)_name)[.._nameLength]))
        {
            return Malformed.TrailerForbidden;
        }

        return Malformed.None;
    }

    private Malformed Value(byte b)
    {
        if (b == '\r')
        {
            _state = State.LineLf;
            return Malformed.None;
        }

        if (b == '\n')
        {
            return Malformed.BareLf;
        }

        if (b == 0)
        {
            return Malformed.Nul;
        }

        if (b is < 0x20 and not (byte)'\t' or 0x7F)
        {
            return Malformed.ControlByte;
        }

        return Malformed.None;
    }

    private Malformed Lf(byte b)
    {
        if (b != '\n')
        {
            return Malformed.BareCr;
        }

        _state = _state == State.EndLf ? State.Ended : State.LineStart;
        return Malformed.None;
    }

    /// <summary>The start of the current name: longer than any forbidden one, of which the longest has 19 bytes.</summary>
    [InlineArray(Size)]
    private struct NameBuffer
    {
        public const int Size = 24;

#pragma warning disable IDE0044, IDE0051, S1144 // the array's element
        private byte _first;
#pragma warning restore IDE0044, IDE0051, S1144
    }
}
