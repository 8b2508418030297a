using Banyan.Wire.Http1;

namespace Banyan.Wire.Http2;

/// <summary>Pseudo-header fields and the start line they become (RFC 9113 §8.3, RFC 8441 §4).</summary>
internal ref partial struct FieldText
{
    private static ReadOnlySpan<byte> Get => "GET"u8;

    private static ReadOnlySpan<byte> AfterTarget => " HTTP/1.1\r\nhost: "u8;

    private static ReadOnlySpan<byte> AfterOnlyTarget => " HTTP/1.1\r\n"u8;

    private static ReadOnlySpan<byte> BeforeProtocol => "\r\nconnection: upgrade\r\nupgrade: "u8;

    private static ReadOnlySpan<byte> BeforeStatus => "HTTP/1.1 "u8;

    private static ReadOnlySpan<byte> AfterStatus => " \r\n"u8;

    private readonly int PseudoLength => _pseudo.Method + _pseudo.Path + _pseudo.Authority + _pseudo.Protocol;

    private void AddPseudo(ReadOnlySpan<byte> value, FieldRole role)
    {
        var expected = _kind == FieldSectionKind.Response ? role == FieldRole.Status : role != FieldRole.Status;
        if (_started || !expected || !_pseudo.TryAdd(role))
        {
            Fail(FieldBlockStatus.Malformed);
            return;
        }

        var length = value.Length;
        switch (role)
        {
            case FieldRole.Method:
                _pseudo.Connect = value.SequenceEqual("CONNECT"u8);
                _pseudo.Options = value.SequenceEqual("OPTIONS"u8);
                Wait(value, 0);
                _pseudo.Method = length;
                break;
            case FieldRole.Path:
                _pseudo.Asterisk = value[0] == '*';
                Wait(value, _pseudo.Method);
                _pseudo.Path = length;
                break;
            case FieldRole.Authority:
                Wait(value, _pseudo.Method + _pseudo.Path);
                _pseudo.Authority = length;
                break;
            case FieldRole.Protocol:
                Wait(value, _pseudo.Method + _pseudo.Path + _pseudo.Authority);
                _pseudo.Protocol = length;
                break;
            case FieldRole.Status:
                Wait(value, 0);
                break;
        }
    }

    /// <summary>Puts a value where it belongs among those that wait.</summary>
    private void Wait(ReadOnlySpan<byte> value, int place)
    {
        if (!value.TryCopyTo(_text[_length..]))
        {
            Fail(FieldBlockStatus.TooLarge);
            return;
        }

        var end = _length + value.Length;
        if (place != _length)
        {
            Blocks.Swap(_text[place..end], _length - place);
        }

        _length = end;
    }

    /// <summary>Ends the pseudo-header fields: makes the start line and what else comes of them.</summary>
    /// <param name="behind">Bytes of a regular line that was built behind them and moves along.</param>
    private void Start(int behind)
    {
        _started = true;
        var wellFormed = _kind == FieldSectionKind.Response ? _pseudo.Has(FieldRole.Status) : IsRequestComplete();
        if (!wellFormed)
        {
            Fail(FieldBlockStatus.Malformed);
            return;
        }

        var length = StartLength();
        if (length + behind > _text.Length)
        {
            Fail(FieldBlockStatus.TooLarge);
            return;
        }

        _text.Slice(_length, behind).CopyTo(_text[length..]);
        _length = length;
        if (_kind == FieldSectionKind.Response)
        {
            _text[..FieldRoles.StatusDigits].CopyTo(_text[BeforeStatus.Length..]);
            BeforeStatus.CopyTo(_text);
            AfterStatus.CopyTo(_text[(BeforeStatus.Length + FieldRoles.StatusDigits)..]);
        }
        else
        {
            StartRequest();
        }
    }

    /// <summary>RFC 9113 §8.3.1 and §8.5, RFC 8441 §4.</summary>
    private readonly bool IsRequestComplete()
    {
        var whole = _pseudo.Has(FieldRole.Scheme) && _pseudo.Has(FieldRole.Path);
        if (!_pseudo.Has(FieldRole.Method))
        {
            return false;
        }

        if (!_pseudo.Connect)
        {
            return whole && !_pseudo.Has(FieldRole.Protocol) && (!_pseudo.Asterisk || _pseudo.Options);
        }

        if (!_pseudo.Has(FieldRole.Authority))
        {
            return false;
        }

        if (_pseudo.Has(FieldRole.Protocol))
        {
            return whole && !_pseudo.Asterisk;
        }

        // The target of a tunnel names its port.
        _ = HostSyntax.TryParse(
            _text.Slice(_pseudo.Method + _pseudo.Path, _pseudo.Authority), out _, out var port);
        return port >= 0 && !_pseudo.Has(FieldRole.Scheme) && !_pseudo.Has(FieldRole.Path);
    }

    private readonly int StartLength()
    {
        if (_kind == FieldSectionKind.Response)
        {
            return BeforeStatus.Length + FieldRoles.StatusDigits + AfterStatus.Length;
        }

        var authority = _pseudo.Authority;
        return RequestKind switch
        {
            RequestKind.Connect => _pseudo.Method + 1 + authority + AfterTarget.Length + authority + 2,
            RequestKind.ExtendedConnect => Get.Length + 1 + _pseudo.Path + AfterTarget.Length + authority
                + BeforeProtocol.Length + _pseudo.Protocol + 2,
            _ when authority == 0 => _pseudo.Method + 1 + _pseudo.Path + AfterOnlyTarget.Length,
            _ => _pseudo.Method + 1 + _pseudo.Path + AfterTarget.Length + authority + 2,
        };
    }

    /// <summary>Spreads the waiting values, the last first, and fills in what stands between them.</summary>
    private void StartRequest()
    {
        var connect = RequestKind == RequestKind.Connect;
        var extended = RequestKind == RequestKind.ExtendedConnect;
        var method = extended ? Get.Length : _pseudo.Method;
        var target = method + 1;
        var targetLength = connect ? _pseudo.Authority : _pseudo.Path;
        var host = target + targetLength + AfterTarget.Length;
        var source = _pseudo.Method + _pseudo.Path;
        if (extended)
        {
            var protocol = host + _pseudo.Authority + BeforeProtocol.Length;
            _text.Slice(source + _pseudo.Authority, _pseudo.Protocol).CopyTo(_text[protocol..]);
            BeforeProtocol.CopyTo(_text[(host + _pseudo.Authority)..]);
            _fields += 2;
        }

        if (_pseudo.Authority > 0)
        {
            _text.Slice(source, _pseudo.Authority).CopyTo(_text[host..]);
            _host = new Lines { Any = true, Start = host, Length = _pseudo.Authority };
            _fields++;
        }

        var from = connect ? host : _pseudo.Method;
        _text.Slice(from, targetLength).CopyTo(_text[target..]);
        if (extended)
        {
            Get.CopyTo(_text);
        }

        _text[method] = (byte)' ';
        (_pseudo.Authority > 0 ? AfterTarget : AfterOnlyTarget).CopyTo(_text[(target + targetLength)..]);
        if (_pseudo.Authority > 0)
        {
            "\r\n"u8.CopyTo(_text[(_length - 2)..]);
        }
    }
}
