using Banyan.Proxy.Http;
using Banyan.Proxy.Options;
using Banyan.Proxy.Snapshot;
using Banyan.Wire.Http1;

namespace Banyan.Proxy.Forward;

/// <summary>Which version of HTTP a request travels in from one sidecar to the other: its own, unless many requests share the way.</summary>
/// <remarks>Figures and the switch point: docs/decisions/0016-adaptive-hop.md. What changes on the way is said in a field that the
/// far end takes away, so that the application hears what the client spoke.</remarks>
internal static class HopVersion
{
    /// <summary>Exchanges under way to an endpoint from which on they share connections.</summary>
    internal const int BusyInFlight = 8;

    /// <summary>A larger body keeps a connection to itself: frames would only cost, and hold up what shares it. Bytes.</summary>
    private const long LargestBody = 64 * 1024;

    private static ReadOnlySpan<byte> Field => "x-banyan-version"u8;

    /// <summary>The request's version as its client spoke it.</summary>
    internal static bool IsHttp2AtOrigin(Exchange x)
    {
        if (x.Listener.Role == ListenerRole.Inbound && x.Request.Has(KnownField.Banyan))
        {
            var bytes = x.RequestBytes;
            foreach (ref readonly var line in x.Request.Lines)
            {
                if (line.Known == KnownField.Banyan && System.Text.Ascii.EqualsIgnoreCase(line.Name(bytes), Field))
                {
                    return line.Value(bytes).SequenceEqual("2"u8);
                }
            }
        }

        return x.ClientStream is not null;
    }

    /// <summary>The version of this attempt's way to another sidecar; says whether it is not the client's own.</summary>
    internal static bool IsHttp2(Exchange x)
    {
        var own = x.ClientStream is not null;
        var chosen = x.Worker.Hop != HopMode.Client && MayChange(x) ? IsShared(x) : own;
        x.HopChanged = chosen != own;
        return chosen;
    }

    /// <summary>The line for the far end, when it has something to restore.</summary>
    internal static void Write(ref HeadBuilder builder, Exchange x)
    {
        if (x.HopChanged)
        {
            builder.Append(Field);
            builder.Append(x.ClientStream is null ? ": 1\r\n"u8 : ": 2\r\n"u8);
        }
    }

    private static bool IsShared(Exchange x) => x.Worker.Hop switch
    {
        HopMode.Http1 => false,
        HopMode.Http2 => true,
        _ => x.Endpoint!.IsBusy,
    };

    /// <summary>Semantics "Protocols": what came by HTTP/2 with a streaming body or <c>te: trailers</c> stays HTTP/2; an upgrade, or
    /// a body that may be held back, stays HTTP/1.1.</summary>
    private static bool MayChange(Exchange x)
    {
        var request = x.Request;
        if (x.ClientStream is { } stream)
        {
            return stream.EndReceived && !request.Upgrade && !request.TeTrailers;
        }

        return !request.Upgrade && !request.TeTrailers && !request.Has(KnownField.Expect)
            && (request.Framing == BodyFraming.None || (request.Framing == BodyFraming.Length && request.ContentLength <= LargestBody));
    }
}
