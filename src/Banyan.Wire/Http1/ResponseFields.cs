namespace Banyan.Wire.Http1;

/// <summary>What the fields of a response mean: framing and persistence (RFC 9112 §6.3, §9.3).</summary>
internal static class ResponseFields
{
    public static Malformed Interpret(ReadOnlySpan<byte> bytes, RequestMethod requestMethod, ResponseHead head)
    {
        var codings = TransferCodings.None;
        var options = 0;
        head.KeepAliveTimeout = -1;

        // RFC 9112 §6.3: a client ignores both fields in a successful answer to CONNECT.
        var tunnel = requestMethod == RequestMethod.Connect && head.StatusCode is >= 200 and < 300;
        foreach (ref readonly var field in head.Lines)
        {
            var reason = field.Known switch
            {
                KnownField.ContentLength when !tunnel => CommonFields.ContentLength(field.Value(bytes), head),
                KnownField.TransferEncoding when !tunnel =>
                    CommonFields.TransferEncoding(field.Value(bytes), false, ref codings),
                KnownField.Connection => CommonFields.Connection(bytes, field.Value(bytes), ref options, head),
                KnownField.KeepAlive => KeepAlive(field.Value(bytes), head),
                _ => Malformed.None,
            };
            if (reason != Malformed.None)
            {
                return reason;
            }
        }

        return Frame(codings, tunnel, requestMethod, head);
    }

    private static Malformed Frame(TransferCodings codings, bool tunnel, RequestMethod requestMethod, ResponseHead head)
    {
        var http10 = head.Version == HttpVersion.Http10;
        if (codings != TransferCodings.None && http10)
        {
            return Malformed.TransferEncodingIn10;
        }

        if (codings != TransferCodings.None && head.ContentLength >= 0)
        {
            return Malformed.LengthAndTransferEncoding;
        }

        if (head.StatusCode < 200 && (codings != TransferCodings.None || head.ContentLength > 0))
        {
            return Malformed.InterimWithBody;
        }

        head.OtherCodings = (codings & TransferCodings.Other) != 0;
        head.Close = (head.Options & ConnectionOptions.Close) != 0
            || (http10 && (head.Options & ConnectionOptions.KeepAlive) == 0);
        if (tunnel || head.StatusCode is < 200 or 204 or 304 || requestMethod == RequestMethod.Head)
        {
            // A 204 that announces a body may well send it: nothing else is read from that connection.
            head.Close |= head.StatusCode == 204 && (codings != TransferCodings.None || head.ContentLength > 0);
            head.Framing = BodyFraming.None;
        }
        else if (codings != TransferCodings.None)
        {
            head.Framing = (codings & TransferCodings.OtherLast) == 0 ? BodyFraming.Chunked : BodyFraming.UntilClose;
        }
        else
        {
            head.Framing = head.ContentLength >= 0 ? BodyFraming.Length : BodyFraming.UntilClose;
        }

        head.Close |= head.Framing == BodyFraming.UntilClose;
        return Malformed.None;
    }

    /// <summary>Keep-Alive: timeout=N; everything else in the field is ignored.</summary>
    private static Malformed KeepAlive(ReadOnlySpan<byte> value, ResponseHead head)
    {
        while (value.Length > 0)
        {
            var element = Syntax.NextElement(ref value);
            var equals = element.IndexOf((byte)'=');
            if (equals >= 0
                && Syntax.Is(Syntax.Trim(element[..equals]), "timeout"u8)
                && int.TryParse(Syntax.Trim(element[(equals + 1)..]), System.Globalization.NumberStyles.None, null, out var seconds))
            {
                head.KeepAliveTimeout = seconds;
            }
        }

        return Malformed.None;
    }
}
