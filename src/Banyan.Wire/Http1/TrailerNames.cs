namespace Banyan.Wire.Http1;

/// <summary>Fields that are not allowed in a trailer section (RFC 9110 §6.5.1).</summary>
internal static class TrailerNames
{
    /// <param name="name">The name, or the start of one that is longer than all of these.</param>
    public static bool IsForbidden(ReadOnlySpan<byte> name)
    {
        var known = FieldNames.Recognise(name);
        if (known is not (KnownField.Other or KnownField.TraceParent or KnownField.TraceState or KnownField.Baggage
            or KnownField.GrpcStatus))
        {
            return true;
        }

        return IsOtherForbidden(name);
    }

    private static bool IsOtherForbidden(ReadOnlySpan<byte> name) => name.Length switch
    {
        3 => Syntax.Is(name, "age"u8),
        4 => Syntax.Is(name, "vary"u8),
        5 => Syntax.Is(name, "range"u8),
        6 => Syntax.Is(name, "cookie"u8) || Syntax.Is(name, "pragma"u8),
        7 => Syntax.Is(name, "expires"u8),
        8 => Syntax.Is(name, "location"u8) || Syntax.Is(name, "if-match"u8) || Syntax.Is(name, "if-range"u8),
        9 => Syntax.Is(name, "forwarded"u8),
        10 => Syntax.Is(name, "set-cookie"u8),
        12 => Syntax.Is(name, "max-forwards"u8),
        13 => Syntax.Is(name, "authorization"u8) || Syntax.Is(name, "cache-control"u8)
            || Syntax.Is(name, "content-range"u8) || Syntax.Is(name, "if-none-match"u8),
        15 => Syntax.Is(name, "x-forwarded-for"u8),
        16 => Syntax.Is(name, "content-encoding"u8) || Syntax.Is(name, "www-authenticate"u8)
            || Syntax.Is(name, "x-forwarded-host"u8) || Syntax.Is(name, "x-forwarded-port"u8),
        17 => Syntax.Is(name, "x-forwarded-proto"u8) || Syntax.Is(name, "if-modified-since"u8),
        19 => Syntax.Is(name, "if-unmodified-since"u8),
        _ => false,
    };
}
