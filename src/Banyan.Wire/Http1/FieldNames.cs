using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Banyan.Wire.Http1;

/// <summary>Recognises the fields that a proxy treats by meaning.</summary>
internal static class FieldNames
{
    /// <summary>The meaning of a name that is known to be a token.</summary>
    /// <remarks>
    /// Setting bit 5 lowers the letters. Of the other token bytes it changes only '^' and '_', into '~' and DEL, which no
    /// known name has; so the comparison is exact.
    /// </remarks>
    public static KnownField Recognise(ReadOnlySpan<byte> name)
    {
        switch (name.Length)
        {
            case 2:
                return (name[0] | 0x20) == 't' && (name[1] | 0x20) == 'e' ? KnownField.Te : KnownField.Other;
            case 4:
                return Four(name, 0) == Four("host"u8, 0) ? KnownField.Host
                    : Four(name, 0) == Four("date"u8, 0) ? KnownField.Date
                    : KnownField.Other;
            case 6:
                return Ends(name, "expect"u8) ? KnownField.Expect : KnownField.Other;
            case 7:
                return Ends(name, "trailer"u8) ? KnownField.Trailer
                    : Ends(name, "upgrade"u8) ? KnownField.Upgrade
                    : Ends(name, "baggage"u8) ? KnownField.Baggage
                    : KnownField.Other;
            case < 9:
                return KnownField.Other;
            default:
                return Long(name);
        }
    }

    private static KnownField Long(ReadOnlySpan<byte> name)
    {
        if ((name[0] | 0x20) == 'x')
        {
            return Eight(name, 0) == Eight("x-banyan"u8, 0) && name[8] == '-' ? KnownField.Banyan
                : name.Length == 23 && Three(name, "x-forwarded-client-cert"u8) ? KnownField.ForwardedClientCert
                : name.Contains((byte)'_') ? WithUnderscores(name)
                : KnownField.Other;
        }

        switch (name.Length)
        {
            case 10:
                return Both(name, "connection"u8) ? KnownField.Connection
                    : Both(name, "keep-alive"u8) ? KnownField.KeepAlive
                    : Both(name, "tracestate"u8) ? KnownField.TraceState
                    : KnownField.Other;
            case 11:
                return Both(name, "traceparent"u8) ? KnownField.TraceParent
                    : Both(name, "retry-after"u8) ? KnownField.RetryAfter
                    : Both(name, "grpc-status"u8) ? KnownField.GrpcStatus
                    : KnownField.Other;
            case 12:
                return Both(name, "content-type"u8) ? KnownField.ContentType
                    : Both(name, "grpc-timeout"u8) ? KnownField.GrpcTimeout
                    : KnownField.Other;
            case 14:
                return Both(name, "content-length"u8) ? KnownField.ContentLength : KnownField.Other;
            case 16:
                return Both(name, "proxy-connection"u8) ? KnownField.ProxyConnection : KnownField.Other;
            case 17:
                return Three(name, "transfer-encoding"u8) ? KnownField.TransferEncoding : KnownField.Other;
            case 18:
                return Three(name, "proxy-authenticate"u8) ? KnownField.ProxyAuthenticate : KnownField.Other;
            case 19:
                return Three(name, "proxy-authorization"u8) ? KnownField.ProxyAuthorization : KnownField.Other;
            default:
                return KnownField.Other;
        }
    }

    /// <summary>Servers that hand fields on as variables (CGI, WSGI) take an underscore for a hyphen: to them it is the same field.</summary>
    private static KnownField WithUnderscores(ReadOnlySpan<byte> name) =>
        name.Length > 9 && IsSpelled(name[..9], "x-banyan-"u8) ? KnownField.Banyan
        : IsSpelled(name, "x-forwarded-client-cert"u8) ? KnownField.ForwardedClientCert
        : KnownField.Other;

    private static bool IsSpelled(ReadOnlySpan<byte> name, ReadOnlySpan<byte> lower)
    {
        if (name.Length != lower.Length)
        {
            return false;
        }

        for (var i = 0; i < name.Length; i++)
        {
            if ((name[i] == '_' ? '-' : name[i] | 0x20) != lower[i])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>4 to 8 bytes, by two overlapping halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Ends(ReadOnlySpan<byte> name, ReadOnlySpan<byte> lower) =>
        Four(name, 0) == Four(lower, 0) && Four(name, lower.Length - 4) == Four(lower, lower.Length - 4);

    /// <summary>8 to 16 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Both(ReadOnlySpan<byte> name, ReadOnlySpan<byte> lower) =>
        Eight(name, 0) == Eight(lower, 0) && Eight(name, lower.Length - 8) == Eight(lower, lower.Length - 8);

    /// <summary>17 to 24 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Three(ReadOnlySpan<byte> name, ReadOnlySpan<byte> lower) =>
        Both(name, lower) && Eight(name, 8) == Eight(lower, 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Four(ReadOnlySpan<byte> name, int at) => MemoryMarshal.Read<uint>(name[at..]) | 0x20202020u;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Eight(ReadOnlySpan<byte> name, int at) =>
        MemoryMarshal.Read<ulong>(name[at..]) | 0x2020202020202020ul;
}
