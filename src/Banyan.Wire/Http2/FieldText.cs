using System.Runtime.CompilerServices;
using Banyan.Wire.Http1;

namespace Banyan.Wire.Http2;

/// <summary>Puts decoded fields together as HTTP/1.1 text, by the rules of RFC 9113 §8.</summary>
/// <remarks>
/// The text serves as scratch space too: a literal is decoded where its line would stand. After a failure it is nothing
/// but that, and what is decoded goes to its start. The values of pseudo-header fields wait at the start, in the order
/// in which the start line wants them, until the first regular field or the end.
/// </remarks>
internal ref partial struct FieldText
{
    private readonly Span<byte> _text;
    private readonly FieldSectionKind _kind;
    private int _length;
    private int _fields;
    private bool _started;
    private Lines _cookie;
    private Lines _host;
    private PseudoFields _pseudo;

    /// <param name="text">At most <see cref="HeadLimits.MaxBytes"/> of it are used.</param>
    /// <param name="kind">Which rules hold.</param>
    public FieldText(Span<byte> text, FieldSectionKind kind)
    {
        _text = text.Length > HeadLimits.MaxBytes ? text[..HeadLimits.MaxBytes] : text;
        _kind = kind;
        _started = kind == FieldSectionKind.Trailers;
    }

    public FieldBlockStatus Status { get; private set; }

    public readonly RequestKind RequestKind =>
        !_pseudo.Connect ? RequestKind.Plain
        : _pseudo.Has(FieldRole.Protocol) ? RequestKind.ExtendedConnect
        : RequestKind.Connect;

    /// <summary>Where the next line can be built.</summary>
    public readonly Span<byte> Room => _text[_length..];

    /// <summary>Whether all of the text is scratch space.</summary>
    public readonly bool IsEmpty => _length == 0;

    /// <summary>Refuses the block for the first of the reasons; the rest of it is only decoded.</summary>
    public void Fail(FieldBlockStatus status)
    {
        if (Status == FieldBlockStatus.Ok)
        {
            Status = status;
        }

        _length = 0;
    }

    /// <summary>Adds a field out of a table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddCopy(ReadOnlySpan<byte> line, int nameLength, FieldRole role)
    {
        if (Status != FieldBlockStatus.Ok)
        {
            return;
        }

        if (role != FieldRole.Plain || !_started)
        {
            AddSpecialCopy(line, nameLength, role);
        }
        else if (line.TryCopyTo(_text[_length..]))
        {
            Keep(line.Length);
        }
        else
        {
            Fail(FieldBlockStatus.TooLarge);
        }
    }

    /// <summary>Adds the field whose line was built in <see cref="Room"/>.</summary>
    public void AddBuilt(int lineLength, int nameLength, FieldRole role)
    {
        if (Status == FieldBlockStatus.Ok)
        {
            AddSpecial(lineLength, nameLength, role);
        }
    }

    /// <summary>Ends the section.</summary>
    /// <returns>Bytes of text; 0 unless <see cref="Status"/> is Ok.</returns>
    public int Finish()
    {
        // After a failure none of this matters: the first reason stays.
        if (!_started)
        {
            Start(0);
        }

        if (_kind == FieldSectionKind.Request && !_host.Any)
        {
            Fail(FieldBlockStatus.Malformed);
        }

        if (!"\r\n"u8.TryCopyTo(Room))
        {
            Fail(FieldBlockStatus.TooLarge);
        }

        return Status == FieldBlockStatus.Ok ? _length + 2 : 0;
    }

    private void Keep(int lineLength)
    {
        _length += lineLength;
        if (++_fields > HeadLimits.MaxFields)
        {
            Fail(FieldBlockStatus.TooLarge);
        }
    }

    private void AddSpecialCopy(ReadOnlySpan<byte> line, int nameLength, FieldRole role)
    {
        // Nothing is copied that will not stay: a block may name one long field again and again.
        if (role == FieldRole.Refused)
        {
            Fail(FieldBlockStatus.Malformed);
        }
        else if (_kind == FieldSectionKind.Trailers && role is > FieldRole.Plain and < FieldRole.Method)
        {
            return;
        }
        else if (role >= FieldRole.Method)
        {
            AddPseudo(line[(nameLength + 2)..^2], role);
        }
        else if (line.TryCopyTo(_text[_length..]))
        {
            AddSpecial(line.Length, nameLength, role);
        }
        else
        {
            Fail(FieldBlockStatus.TooLarge);
        }
    }

    private void AddSpecial(int lineLength, int nameLength, FieldRole role)
    {
        if (role == FieldRole.Refused)
        {
            Fail(FieldBlockStatus.Malformed);
            return;
        }

        if (role >= FieldRole.Method)
        {
            AddPseudo(_text.Slice(_length + nameLength + 2, lineLength - nameLength - 4), role);
            return;
        }

        if (!_started)
        {
            Start(lineLength);
            if (Status != FieldBlockStatus.Ok)
            {
                return;
            }
        }

        if (_kind == FieldSectionKind.Trailers)
        {
            // Nobody may merge such a field into the head; dropping it is what RFC 9110 §6.5.1 leaves.
            if (role == FieldRole.Plain)
            {
                Keep(lineLength);
            }

            return;
        }

        var value = _text.Slice(_length + nameLength + 2, lineLength - nameLength - 4);
        switch (role)
        {
            case FieldRole.Te when !Syntax.Is(value, "trailers"u8):
                Fail(FieldBlockStatus.Malformed);
                break;
            case FieldRole.Cookie when _kind == FieldSectionKind.Request:
                AddCookie(value, lineLength);
                break;
            case FieldRole.Host when _kind == FieldSectionKind.Request:
                AddHost(value, lineLength);
                break;
            default:
                Keep(lineLength);
                break;
        }
    }

    /// <summary>A host beside an authority must say the same, and is not repeated (RFC 9113 §8.3.1).</summary>
    private void AddHost(ReadOnlySpan<byte> value, int lineLength)
    {
        if (_pseudo.Has(FieldRole.Authority))
        {
            // A second field would be as good as the first; two of them are refused in HTTP/1 too.
            var same = System.Text.Ascii.EqualsIgnoreCase(value, _text.Slice(_host.Start, _host.Length));
            if (!same || _host.Repeated)
            {
                Fail(FieldBlockStatus.Malformed);
            }

            _host.Repeated = true;
            return;
        }

        if (_host.Any || !HostSyntax.TryParse(value, out _, out _))
        {
            Fail(FieldBlockStatus.Malformed);
            return;
        }

        _host = new Lines { Any = true };
        Keep(lineLength);
    }

    /// <summary>Joins crumbs to one field (RFC 9113 §8.2.3).</summary>
    private void AddCookie(ReadOnlySpan<byte> value, int lineLength)
    {
        if (!_cookie.Any)
        {
            _cookie = new Lines { Any = true, Start = _length, Length = lineLength };
            Keep(lineLength);
            return;
        }

        if (value.Length == 0)
        {
            return;
        }

        // The crumb's line stands behind all others. When the cookie does not come right before it, it moves there;
        // this can happen once for each other field.
        var end = _cookie.Start + _cookie.Length;
        if (end != _length)
        {
            Blocks.Swap(_text[_cookie.Start.._length], _cookie.Length);
            _cookie.Start = _length - _cookie.Length;
        }

        var valueLength = value.Length;
        value.CopyTo(_text[_length..]);
        _text[_length - 2] = (byte)';';
        _text[_length - 1] = (byte)' ';
        _length += valueLength;
        "\r\n"u8.CopyTo(_text[_length..]);
        _length += 2;
        _cookie.Length += valueLength + 2;
    }

    /// <summary>Where a line of the text stands that is looked at again.</summary>
    private struct Lines
    {
        public bool Any;
        public bool Repeated;
        public int Start;
        public int Length;
    }
}
