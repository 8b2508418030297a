using Banyan.Proxy.Forward;
using Banyan.Wire.Http1;

namespace Banyan.Proxy.Http;

/// <summary>The request head as it leaves: the received lines in slices, less what is hop-by-hop, plus what the mesh adds.</summary>
internal static class RequestWriter
{
    /// <summary>Writes the head of the exchange's request; 0 when it does not fit.</summary>
    internal static int Write(Exchange x, Span<byte> output)
    {
        var head = x.Request;
        var bytes = x.RequestBytes;
        var edits = x.Backend!.RequestHeaders;
        var edited = !edits.IsEmpty;
        var builder = new HeadBuilder(output);

        builder.Append(head.MethodToken(bytes));
        builder.Append(" "u8);
        WritePath(ref builder, x, x.Path(bytes));
        if (head.QueryStart >= 0)
        {
            builder.Append("?"u8);
            builder.Append(head.Query(bytes));
        }

        builder.Append(" HTTP/1.1\r\nhost: "u8);
        builder.Append(x.Backend.HostRewrite ?? head.Authority(bytes));
        builder.Append("\r\n"u8);

        // By HTTP/2 the handshake of WebSocket has no key: what a client sends all the same means nothing.
        var keyed = head.Upgrade && x.ClientStream is not null && WebSocketHandshake.IsAskedFor(head, bytes);
        ReadOnlySpan<byte> trace = default;
        var runStart = -1;
        var lines = head.Lines;
        foreach (ref readonly var line in lines)
        {
            if (line.Known == KnownField.TraceParent)
            {
                trace = line.Value(bytes);
            }

            if (!Drops(line) && !ForwardedClientCert.Drops(x, line) && !(keyed && WebSocketHandshake.IsKey(line.Name(bytes)))
                && !(x.IsGrpc && line.Known == KnownField.GrpcTimeout) && !(edited && Edits.Drops(edits, line, bytes)))
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

        WriteFraming(ref builder, head, bytes);
        if (keyed && x.UpstreamStream is null)
        {
            WebSocketHandshake.WriteKey(ref builder, x);
        }

        if (edited)
        {
            Edits.Write(ref builder, edits, lines, bytes);
        }

        if (head.Has(KnownField.GrpcTimeout) && x.IsGrpc)
        {
            WriteTimeout(ref builder, x);
        }

        var traceLine = builder.Take(TraceContext.LineLength);
        if (!traceLine.IsEmpty)
        {
            TraceContext.WriteLine(traceLine, trace, ref x.Worker.Loop.Random);
        }

        ForwardedClientCert.Write(ref builder, x);
        HopVersion.Write(ref builder, x);
        builder.Append("\r\n"u8);
        return builder.Overflowed ? 0 : builder.Length;
    }

    /// <summary>What is left of the caller's time (or of a shorter timeout here); the field has room for eight digits.</summary>
    private static void WriteTimeout(ref HeadBuilder builder, Exchange x)
    {
        if (x.TryDeadline == long.MaxValue)
        {
            return;
        }

        var left = Math.Max(1, x.TryDeadline - x.Worker.Loop.NowMs);
        builder.Append("grpc-timeout: "u8);
        builder.AppendNumber(left <= 99_999_999 ? left : Math.Min(left / 1000, 99_999_999));
        builder.Append(left <= 99_999_999 ? "m\r\n"u8 : "S\r\n"u8);
    }

    private static void WritePath(ref HeadBuilder builder, Exchange x, ReadOnlySpan<byte> path)
    {
        if (x.Route!.PathRewrite is not { } rewrite || x.AsksServer)
        {
            builder.Append(path);
            return;
        }

        var room = builder.Take(rewrite.MaxLength(path.Length));
        if (!room.IsEmpty)
        {
            builder.Trim(room.Length - rewrite.Write(path, room));
        }
    }

    private static void WriteFraming(ref HeadBuilder builder, RequestHead head, ReadOnlySpan<byte> bytes)
    {
        if (head.Framing == BodyFraming.Chunked)
        {
            builder.Append("transfer-encoding: chunked\r\n"u8);
        }
        else if (head.Framing == BodyFraming.Length)
        {
            builder.Append("content-length: "u8);
            builder.AppendNumber(head.ContentLength);
            builder.Append("\r\n"u8);
        }

        if (head.Upgrade)
        {
            builder.Append("connection: upgrade\r\nupgrade: "u8);
            builder.Append(head.Fields[head.IndexOf(KnownField.Upgrade)].Value(bytes));
            builder.Append("\r\n"u8);
        }
        else if (head.TeTrailers)
        {
            builder.Append("connection: te\r\nte: trailers\r\n"u8);
        }
    }

    private static bool Drops(in FieldLine line) => line.ConnectionNamed || line.Known switch
    {
        KnownField.Host or KnownField.Connection or KnownField.ContentLength or KnownField.TransferEncoding or KnownField.Te
            or KnownField.Upgrade or KnownField.KeepAlive or KnownField.ProxyConnection or KnownField.ProxyAuthorization
            or KnownField.TraceParent or KnownField.Banyan => true,
        _ => false,
    };
}
