using System.Buffers;
using Banyan.Wire.Http1;

namespace Banyan.Wire.Http2;

/// <summary>Judges names and values of fields (RFC 9113 §8.2).</summary>
internal static class FieldRoles
{
    /// <summary>tchar without upper case.</summary>
    private static readonly SearchValues<byte> NameBytes =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"u8);

    public static FieldRole OfName(ReadOnlySpan<byte> name)
    {
        if (name.Length == 0)
        {
            return FieldRole.Refused;
        }

        if (name[0] == ':')
        {
            return OfPseudoName(name);
        }

        if (name.ContainsAnyExcept(NameBytes))
        {
            return FieldRole.Refused;
        }

        switch (FieldNames.Recognise(name))
        {
            case KnownField.Connection or KnownField.KeepAlive or KnownField.ProxyConnection
                or KnownField.TransferEncoding or KnownField.Upgrade:
                return FieldRole.Refused;
            case KnownField.Host:
                return FieldRole.Host;
            case KnownField.Te:
                return FieldRole.Te;
        }

        if (name.SequenceEqual("cookie"u8))
        {
            return FieldRole.Cookie;
        }

        return TrailerNames.IsForbidden(name) ? FieldRole.HeadOnly : FieldRole.Plain;
    }

    /// <summary>No control byte but HTAB, no white space at either end. Stricter than §8.2.1, as HTTP/1 text has to be.</summary>
    public static bool IsValue(ReadOnlySpan<byte> value)
    {
        if (value.Length == 0)
        {
            return true;
        }

        return !Syntax.IsSpace(value[0]) && !Syntax.IsSpace(value[^1]) && !value.ContainsAny(Syntax.LineStops);
    }

    private static FieldRole OfPseudoName(ReadOnlySpan<byte> name) => name.Length switch
    {
        5 when name.SequenceEqual(":path"u8) => FieldRole.Path,
        7 when name.SequenceEqual(":method"u8) => FieldRole.Method,
        7 when name.SequenceEqual(":scheme"u8) => FieldRole.Scheme,
        7 when name.SequenceEqual(":status"u8) => FieldRole.Status,
        9 when name.SequenceEqual(":protocol"u8) => FieldRole.Protocol,
        10 when name.SequenceEqual(":authority"u8) => FieldRole.Authority,
        _ => FieldRole.Refused,
    };
}
