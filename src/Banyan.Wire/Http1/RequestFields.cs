namespace Banyan.Wire.Http1;

/// <summary>What the fields of a request mean: authority, framing, persistence (RFC 9112 §3.2, §6.3, §9.3).</summary>
internal static class RequestFields
{
    public static Malformed Interpret(ReadOnlySpan<byte> bytes, RequestHead head)
    {
        var codings = TransferCodings.None;
        var options = 0;
        var hosts = 0;
        head.ExpectContinue = false;
        head.TeTrailers = false;
        foreach (ref readonly var field in head.Lines)
        {
            var reason = field.Known switch
            {
                KnownField.Host => Host(bytes, in field, ++hosts, head),
                KnownField.ContentLength => CommonFields.ContentLength(field.Value(bytes), head),
                KnownField.TransferEncoding => CommonFields.TransferEncoding(field.Value(bytes), true, ref codings),
                KnownField.Connection => CommonFields.Connection(bytes, field.Value(bytes), ref options, head),
                KnownField.Expect => Expect(field.Value(bytes), head),
                KnownField.Te => Te(field.Value(bytes), head),
                _ => Malformed.None,
            };
            if (reason != Malformed.None)
            {
                return reason;
            }
        }

        return Frame(bytes, codings, hosts, head);
    }

    private static Malformed Frame(ReadOnlySpan<byte> bytes, TransferCodings codings, int hosts, RequestHead head)
    {
        var http10 = head.Version == HttpVersion.Http10;
        if (hosts == 0 && !http10)
        {
            return Malformed.HostMissing;
        }

        if (codings != TransferCodings.None && http10)
        {
            return Malformed.TransferEncodingIn10;
        }

        if (codings != TransferCodings.None && head.ContentLength >= 0)
        {
            return Malformed.LengthAndTransferEncoding;
        }

        head.Framing = codings != TransferCodings.None ? BodyFraming.Chunked
            : head.ContentLength >= 0 ? BodyFraming.Length
            : BodyFraming.None;
        head.Close = (head.Options & ConnectionOptions.Close) != 0
            || (http10 && (head.Options & ConnectionOptions.KeepAlive) == 0);

        // A body would stand between the request and the other protocol: such an offer is ignored, as RFC 9110 §7.8 allows.
        head.Upgrade = !http10 && codings == TransferCodings.None && head.ContentLength <= 0 && (head.Options & ConnectionOptions.Upgrade) != 0 && OffersUpgrade(bytes, head);
        head.ExpectContinue &= !http10;
        return Malformed.None;
    }

    private static Malformed Host(ReadOnlySpan<byte> bytes, in FieldLine field, int count, RequestHead head)
    {
        if (count > 1)
        {
            return Malformed.HostRepeated;
        }

        if (!HostSyntax.TryParse(field.Value(bytes), out var hostLength, out var port))
        {
            return Malformed.Host;
        }

        if (head.Form is TargetForm.Origin or TargetForm.Asterisk)
        {
            head.AuthorityStart = field.ValueStart;
            head.AuthorityLength = field.ValueLength;
            head.HostLength = hostLength;
            head.Port = port;
        }

        return Malformed.None;
    }

    private static Malformed Expect(ReadOnlySpan<byte> value, RequestHead head)
    {
        if (head.ExpectContinue || !Syntax.Is(value, "100-continue"u8))
        {
            return Malformed.Expectation;
        }

        head.ExpectContinue = true;
        return Malformed.None;
    }

    private static Malformed Te(ReadOnlySpan<byte> value, RequestHead head)
    {
        while (value.Length > 0)
        {
            head.TeTrailers |= Syntax.Is(Syntax.NextElement(ref value), "trailers"u8);
        }

        return Malformed.None;
    }

    private static bool OffersUpgrade(ReadOnlySpan<byte> bytes, RequestHead head)
    {
        var offered = false;
        foreach (ref readonly var field in head.Lines)
        {
            if (field.Known != KnownField.Upgrade)
            {
                continue;
            }

            var value = field.Value(bytes);
            while (value.Length > 0)
            {
                var protocol = Syntax.NextElement(ref value);
                if (Syntax.Is(protocol, "h2c"u8))
                {
                    return false;
                }

                offered |= protocol.Length > 0;
            }
        }

        return offered;
    }
}
