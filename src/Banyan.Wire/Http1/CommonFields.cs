namespace Banyan.Wire.Http1;

/// <summary>Fields that mean the same in requests and responses: Connection, Content-Length, Transfer-Encoding.</summary>
internal static class CommonFields
{
    private const int MaxConnectionOptions = 32;

    /// <summary>Reads Content-Length into the head; a second one is refused whatever it says.</summary>
    public static Malformed ContentLength(ReadOnlySpan<byte> value, MessageHead head)
    {
        if (head.ContentLength >= 0)
        {
            return Malformed.ContentLengthRepeated;
        }

        if (value.Length == 0 || value.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return Malformed.ContentLength;
        }

        ulong length = 0;
        foreach (var digit in value)
        {
            if (length > long.MaxValue / 10)
            {
                return Malformed.ContentLengthOverflow;
            }

            length = (length * 10) + (ulong)(digit - '0');
        }

        if (length > long.MaxValue)
        {
            return Malformed.ContentLengthOverflow;
        }

        head.ContentLength = (long)length;
        return Malformed.None;
    }

    /// <summary>Reads one Transfer-Encoding line on top of what earlier lines said.</summary>
    public static Malformed TransferEncoding(ReadOnlySpan<byte> value, bool request, ref TransferCodings codings)
    {
        var more = true;
        while (more)
        {
            var coding = Syntax.NextElement(ref value, out more);
            if (Syntax.Is(coding, "chunked"u8))
            {
                if ((codings & TransferCodings.Chunked) != 0)
                {
                    return Malformed.ChunkedTwice;
                }

                codings = (codings | TransferCodings.Chunked) & ~TransferCodings.OtherLast;
                continue;
            }

            if (request && (codings & TransferCodings.Chunked) != 0)
            {
                return Malformed.ChunkedNotLast;
            }

            if (request || !Syntax.IsToken(coding))
            {
                return Malformed.TransferCoding;
            }

            codings |= TransferCodings.Other | TransferCodings.OtherLast;
        }

        return Malformed.None;
    }

    /// <summary>Reads one Connection line and marks the fields that it names.</summary>
    /// <remarks>
    /// Host, Content-Length, Transfer-Encoding and the mesh's own fields cannot be named away: such an option is ignored
    /// (some servers do send <c>Connection: Transfer-Encoding</c>, so it is not refused).
    /// </remarks>
    public static Malformed Connection(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> value, ref int options, MessageHead head)
    {
        while (value.Length > 0)
        {
            var option = Syntax.NextElement(ref value);
            if (++options > MaxConnectionOptions)
            {
                return Malformed.TooManyConnectionOptions;
            }

            if (option.Length == 0)
            {
                continue;
            }

            if (option.ContainsAnyExcept(Syntax.Token))
            {
                return Malformed.ConnectionOption;
            }

            if (Syntax.Is(option, "close"u8))
            {
                head.Options |= ConnectionOptions.Close;
                continue;
            }

            var known = FieldNames.Recognise(option);
            switch (known)
            {
                case KnownField.KeepAlive:
                    head.Options |= ConnectionOptions.KeepAlive;
                    break;
                case KnownField.Upgrade:
                    head.Options |= ConnectionOptions.Upgrade;
                    break;
                case KnownField.Host or KnownField.ContentLength or KnownField.TransferEncoding or KnownField.Banyan:
                    continue;
            }

            Name(bytes, option, known, head);
        }

        return Malformed.None;
    }

    private static void Name(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> option, KnownField known, MessageHead head)
    {
        if (!head.Has(known))
        {
            return;
        }

        foreach (ref var field in head.Fields.AsSpan(0, head.FieldCount))
        {
            if (field.Known == known && (known != KnownField.Other || Syntax.Is(field.Name(bytes), option)))
            {
                field.ConnectionNamed = true;
            }
        }
    }
}

/// <summary>What the Transfer-Encoding lines of a head add up to.</summary>
[Flags]
internal enum TransferCodings : byte
{
    None = 0,
    Chunked = 1,
    Other = 2,

    /// <summary>The final coding is another one than chunked.</summary>
    OtherLast = 4,
}
