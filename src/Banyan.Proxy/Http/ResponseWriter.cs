using System.Text;
using Banyan.Proxy.Match;
using Banyan.Proxy.Policy;
using Banyan.Proxy.Snapshot;
using Banyan.Rules;
using Banyan.Wire.Http1;

namespace Banyan.Proxy.Http;

/// <summary>The response head as it goes back to the client.</summary>
internal static class ResponseWriter
{
    /// <summary>Writes the head of the exchange's response; 0 when it does not fit.</summary>
    internal static int Write(Exchange x, Span<byte> output)
    {
        var head = x.Response;
        var bytes = x.ResponseBytes;
        var edits = x.Backend!.ResponseHeaders;
        var builder = new HeadBuilder(output);
        WriteStatusLine(ref builder, x, bytes);
        WriteLines(ref builder, x, bytes, edits);
        WriteFraming(ref builder, x);
        if (!edits.IsEmpty)
        {
            Edits.Write(ref builder, edits, head.Lines, bytes);
        }

        WriteConnection(ref builder, x, bytes);
        builder.Append("\r\n"u8);
        return builder.Overflowed ? 0 : builder.Length;
    }

    /// <summary>Writes the head of an interim response (1xx, RFC 9110 §15.2): no body, and the route's edits are for the final one.</summary>
    internal static int WriteInterim(Exchange x, Span<byte> output)
    {
        var bytes = x.ResponseBytes;
        var builder = new HeadBuilder(output);
        WriteStatusLine(ref builder, x, bytes);
        WriteLines(ref builder, x, bytes, HeaderMutation.None);
        builder.Append("\r\n"u8);
        return builder.Length;
    }

    /// <summary>Writes an answer of the proxy's own; <paramref name="head"/> is the length without the body.</summary>
    internal static int WriteAnswer(Exchange x, Failure failure, Span<byte> output, out int head)
    {
        var row = failure.Row();
        var builder = new HeadBuilder(output);
        builder.Append(row.StatusLine);
        builder.Append(row.Fields);
        builder.Append(Authenticate.ChallengeFor(x));
        WriteDeniedBy(ref builder, x);
        WriteConnection(ref builder, x, default);
        builder.Append("\r\n"u8);
        head = builder.Length;
        if (x.Request.Method != RequestMethod.Head)
        {
            builder.Append(row.Body);
        }

        return builder.Length;
    }

    /// <summary>Writes the head of an answer to a call of gRPC, all of which it is.</summary>
    internal static int WriteCall(Exchange x, FailureRow row, Span<byte> output)
    {
        var builder = new HeadBuilder(output);
        builder.Append(row.GrpcHead.AsSpan(0, row.GrpcHead.Length - 2));
        builder.Append(Authenticate.ChallengeFor(x));
        WriteDeniedBy(ref builder, x);
        builder.Append("\r\n"u8);
        return builder.Length;
    }

    /// <summary>Writes a route's direct response; 0 when it does not fit. <paramref name="head"/> is the length without the body.</summary>
    internal static int WriteDirect(Exchange x, Span<byte> output, out int head)
    {
        var route = x.Route!;
        var hasBody = route.Status is not (204 or 304);
        var builder = new HeadBuilder(output);
        builder.Append("HTTP/1.1 "u8);
        builder.AppendNumber(route.Status);
        builder.Append(" \r\n"u8);
        if (hasBody)
        {
            builder.Append("content-length: "u8);
            builder.AppendNumber(route.Body.Length);
            builder.Append("\r\n"u8);
        }

        if (route.Redirect is { } redirect)
        {
            builder.Append("location: "u8);
            var view = RouteStage.View(x);
            var room = builder.Take(redirect.MaxLength(view));
            if (!room.IsEmpty)
            {
                builder.Trim(room.Length - redirect.WriteLocation(view, room));
            }

            builder.Append("\r\n"u8);
        }

        Edits.Write(ref builder, route.ResponseHeaders, default, default);
        WriteConnection(ref builder, x, default);
        builder.Append("\r\n"u8);
        head = builder.Length;
        if (hasBody && x.Request.Method != RequestMethod.Head)
        {
            builder.Append(route.Body);
        }

        return builder.Overflowed ? 0 : builder.Length;
    }

    private static void WriteStatusLine(ref HeadBuilder builder, Exchange x, ReadOnlySpan<byte> bytes)
    {
        var head = x.Response;
        if (x.SwitchesProtocols && x.ClientStream is null && x.UpstreamStream is not null)
        {
            builder.Append("HTTP/1.1 101 Switching Protocols\r\n"u8);
            return;
        }

        builder.Append("HTTP/1.1 "u8);
        builder.AppendNumber(head.StatusCode);
        builder.Append(" "u8);
        builder.Append(bytes.Slice(head.ReasonStart, head.ReasonLength));
        builder.Append("\r\n"u8);
    }

    /// <summary>Writes the received field lines that stay, in slices as long as possible.</summary>
    private static void WriteLines(ref HeadBuilder builder, Exchange x, ReadOnlySpan<byte> bytes, HeaderMutation edits)
    {
        // Only another proxy of the mesh may speak of the mesh: an application cannot forge it.
        var keepsBanyan = x.Listener.Role != ListenerRole.Inbound && x.Endpoint is { Config.Meshed: true };
        var keepsCodings = x.Response.OtherCodings && x.Response.Framing != BodyFraming.None;
        var edited = !edits.IsEmpty;
        var runStart = -1;
        var lines = x.Response.Lines;
        foreach (ref readonly var line in lines)
        {
            if (!Drops(line, keepsBanyan, keepsCodings) && !(edited && Edits.Drops(edits, line, bytes)))
            {
                runStart = runStart < 0 ? line.LineStart : runStart;
            }
            else if (runStart >= 0)
            {
                builder.Append(bytes[runStart..line.LineStart]);
                runStart = -1;
            }
        }

        if (runStart >= 0)
        {
            builder.Append(bytes[runStart..lines[^1].LineEnd]);
        }
    }

    private static void WriteDeniedBy(ref HeadBuilder builder, Exchange x)
    {
        var name = Authorize.NameFor(x);
        if (!name.IsEmpty)
        {
            builder.Append("x-banyan-denied-by: "u8);
            Encoding.ASCII.GetBytes(name, builder.Take(name.Length));
            builder.Append("\r\n"u8);
        }
    }

    private static void WriteFraming(ref HeadBuilder builder, Exchange x)
    {
        var head = x.Response;
        if (head.OtherCodings && head.Framing != BodyFraming.None)
        {
            // The field went along as it was received, and so does the body.
            return;
        }

        if (head.Framing is BodyFraming.Chunked or BodyFraming.UntilClose)
        {
            // HTTP/1.0 knows no chunks: there the connection's end is the body's.
            if (x.Request.Version == HttpVersion.Http11)
            {
                builder.Append("transfer-encoding: chunked\r\n"u8);
            }
        }
        else if (head.StatusCode is >= 200 and not 204 && head.ContentLength >= 0)
        {
            // Also of a response to HEAD and of 304: there it tells about a body that does not come.
            builder.Append("content-length: "u8);
            builder.AppendNumber(head.ContentLength);
            builder.Append("\r\n"u8);
        }
    }

    private static void WriteConnection(ref HeadBuilder builder, Exchange x, ReadOnlySpan<byte> received)
    {
        if (x.SwitchesProtocols)
        {
            WriteUpgrade(ref builder, x, received);
        }
        else if (x.CloseClient)
        {
            builder.Append("connection: close\r\n"u8);
        }
        else if (x.Request.Version == HttpVersion.Http10)
        {
            builder.Append("connection: keep-alive\r\n"u8);
        }
    }

    private static void WriteUpgrade(ref HeadBuilder builder, Exchange x, ReadOnlySpan<byte> received)
    {
        builder.Append("connection: upgrade\r\nupgrade: "u8);
        if (x.UpstreamStream is null)
        {
            var index = x.Response.IndexOf(KnownField.Upgrade);
            builder.Append(index < 0 ? default : x.Response.Fields[index].Value(received));
            builder.Append("\r\n"u8);
            return;
        }

        var request = x.RequestBytes;
        builder.Append(WebSocketHandshake.Protocol(x.Request, request));
        builder.Append("\r\n"u8);
        if (WebSocketHandshake.IsAskedFor(x.Request, request))
        {
            WebSocketHandshake.WriteAccept(ref builder, WebSocketHandshake.ClientKey(x.Request, request));
        }
    }

    private static bool Drops(in FieldLine line, bool keepsBanyan, bool keepsCodings) => line.ConnectionNamed || line.Known switch
    {
        KnownField.TransferEncoding => !keepsCodings,
        KnownField.Connection or KnownField.ContentLength or KnownField.Upgrade
            or KnownField.KeepAlive or KnownField.ProxyConnection or KnownField.Te => true,
        KnownField.Banyan => !keepsBanyan,
        _ => false,
    };
}
