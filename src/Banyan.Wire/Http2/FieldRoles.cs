using System.Buffers;
using Banyan.Wire.Http1;

namespace Banyan.Wire.Http2;

/// <summary>Judges names and values of fields (RFC 9113 §8.2).</summary>
internal static class FieldRoles
{
    /// <summary>Bytes of a status code.</summary>
    public const int StatusDigits = 3;

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

    /// <summary>No control byte but HTAB, no white space at either end: stricter than §8.2.1, as HTTP/1 text has to
    /// be.</summary>
    private static bool IsValue(ReadOnlySpan<byte> value)
    {
        if (value.Length == 0)
        {
            return true;
        }

        return !Syntax.IsSpace(value[0]) && !Syntax.IsSpace(value[^1]) && !value.ContainsAny(Syntax.LineStops);
    }

    /// <summary>What a field means: the role of its name, or <see cref="FieldRole.Refused"/> when the value is not one
    /// that it may have anywhere.</summary>
    public static FieldRole OfField(FieldRole name, ReadOnlySpan<byte> value)
    {
        var allowed = name >= FieldRole.Method ? IsPseudoValue(name, value) : IsValue(value);
        return allowed ? name : FieldRole.Refused;
    }

    /// <summary>The values of pseudo-header fields (RFC 9113 §8.3). They become parts of a start line.</summary>
    private static bool IsPseudoValue(FieldRole role, ReadOnlySpan<byte> value) => role switch
    {
        FieldRole.Method => Syntax.IsToken(value),
        FieldRole.Scheme => Syntax.Is(value, "http"u8) || Syntax.Is(value, "https"u8),
        FieldRole.Authority => HostSyntax.TryParse(value, out _, out _),
        FieldRole.Path => IsPath(value),

        // Not h2c: like HTTP/1's upgrade to it, it would carry requests past routing and policy.
        FieldRole.Protocol => Syntax.IsToken(value) && !Syntax.Is(value, "h2c"u8),
        _ => IsStatus(value),
    };

    private static bool IsPath(ReadOnlySpan<byte> value)
    {
        if (value.Length == 0 || value.ContainsAnyExcept(Syntax.Target))
        {
            return false;
        }

        return value[0] == '/' || (value.Length == 1 && value[0] == '*');
    }

    /// <summary>Three digits. 101 has no meaning in HTTP/2 (RFC 9113 §8.6).</summary>
    private static bool IsStatus(ReadOnlySpan<byte> value)
    {
        if (value.Length != StatusDigits || value[0] == '0')
        {
            return false;
        }

        return !value.ContainsAnyExceptInRange((byte)'0', (byte)'9') && !value.SequenceEqual("101"u8);
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
