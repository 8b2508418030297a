using Banyan.Wire.Http2;
using static Banyan.Mesh.Tests.Http2.FramePeer;

namespace Banyan.Mesh.Tests.Http2;

/// <summary>Whom the proxy tells what was wrong.</summary>
internal enum Told
{
    /// <summary>Nobody: what was sent is right, or to be ignored.</summary>
    Nothing,

    /// <summary>The server, with RST_STREAM.</summary>
    Stream,

    /// <summary>The server, with GOAWAY, and the connection ends.</summary>
    Connection,
}

/// <summary>One thing that a server says.</summary>
/// <param name="Name">Section of RFC 9113 and what is done.</param>
/// <param name="Answer">Its frames, with <see cref="ServerCases.Stream"/> where the request's stream stands.</param>
/// <param name="Answers">Who is told.</param>
/// <param name="Code">With which code.</param>
/// <param name="Caller">What the caller hears.</param>
internal sealed record ServerCase(string Name, byte[] Answer, Told Answers, ErrorCode Code, string Caller);

/// <summary>What a server may say wrongly: the rules of <see cref="FrameRuleTests"/> as they are for the client's role.</summary>
internal static class ServerCases
{
    /// <summary>The caller hears 502, or a reset where a head was passed on already.</summary>
    public const string Broken = "broken";

    /// <summary>Stands for the id of the request's stream; the next idle one and one that never can be stand beside it.</summary>
    public const int Stream = 0x00ABCDE1;

    private const int Idle = Stream + 2;
    private const FrameFlags Block = FrameFlags.EndHeaders | FrameFlags.EndStream;

    /// <summary>The same frames for the stream of a request.</summary>
    public static byte[] At(int stream, byte[] answer)
    {
        var bytes = answer.ToArray();
        for (var at = 0; at + 4 <= bytes.Length; at++)
        {
            var id = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at)) & int.MaxValue;
            if (id is Stream or Idle)
            {
                var reserved = bytes[at] & 0x80;
                System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(at), id == Stream ? stream : stream + 200);
                bytes[at] |= (byte)reserved;
            }
        }

        return bytes;
    }

    public static IEnumerable<ServerCase> All() => [.. Frames(), .. Settings(), .. Windows(), .. Messages(), .. Fields(), .. Blocks()];

    private static byte[] Head(FrameFlags flags, params string[] fields) => Frame(FrameType.Headers, flags, Stream, Literal(fields));

    private static byte[] Head200 => Head(FrameFlags.EndHeaders, ":status", "200");

    private static byte[] Open200 => Head(FrameFlags.None, ":status", "200");

    private static byte[] Data(FrameFlags flags, params byte[] bytes) => Frame(FrameType.Data, flags, Stream, bytes);

    private static byte[] Last => Data(FrameFlags.EndStream, 1);

    private static ServerCase Ignored(string name, params byte[] frames) => new(name, [.. frames, .. Ok(Stream)], Told.Nothing, 0, "200");

    private static ServerCase Right(string name, params byte[] frames) => new(name, frames, Told.Nothing, 0, "200");

    private static ServerCase OfStream(string name, ErrorCode code, params byte[] frames) => new(name, frames, Told.Stream, code, Broken);

    private static ServerCase OfConnection(string name, ErrorCode code, params byte[] frames) =>
        new(name, frames, Told.Connection, code, Broken);

    private static IEnumerable<ServerCase> Frames()
    {
        yield return Ignored("4.1 unknown type", Frame((FrameType)0x16, FrameFlags.None, 0, 1, 2, 3));
        yield return Ignored("4.1 unknown flags", Frame(FrameType.Ping, (FrameFlags)0x16, 0, 1, 2, 3, 4, 5, 6, 7, 8));
        yield return Ignored("4.1 reserved bit", Reserved(Frame(FrameType.WindowUpdate, FrameFlags.None, Stream, Number(100))));
        yield return Right("4.2 DATA of 16384 bytes", [.. Head200, .. Data(FrameFlags.EndStream, new byte[16_384])]);
        yield return OfConnection("4.2 DATA too large", ErrorCode.FrameSizeError, [.. Head200, .. Data(FrameFlags.None, new byte[16_385])]);
        yield return OfConnection("4.2 HEADERS too large", ErrorCode.FrameSizeError, Frame(FrameType.Headers, Block, Stream, new byte[16_385]));
        yield return OfConnection("4.3 bad block", ErrorCode.CompressionError, Frame(FrameType.Headers, Block, Stream, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
        yield return OfConnection("4.3 PRIORITY inside a block", ErrorCode.ProtocolError, [.. Open200, .. Frame(FrameType.Priority, FrameFlags.None, Stream, 0, 0, 0, 0, 1)]);
        yield return OfConnection("4.3 other HEADERS inside a block", ErrorCode.ProtocolError, [.. Open200, .. Frame(FrameType.Headers, Block, 1, 0x88)]);
        yield return OfConnection("4.3 DATA inside a block", ErrorCode.ProtocolError, [.. Open200, .. Last]);

        yield return OfConnection("5.1 idle HEADERS", ErrorCode.ProtocolError, Frame(FrameType.Headers, Block, Idle, 0x88));
        yield return OfConnection("5.1 idle DATA", ErrorCode.ProtocolError, Frame(FrameType.Data, FrameFlags.EndStream, Idle, 1));
        yield return OfConnection("5.1 idle RST_STREAM", ErrorCode.ProtocolError, Frame(FrameType.RstStream, FrameFlags.None, Idle, Number(8)));
        yield return OfConnection("5.1 idle WINDOW_UPDATE", ErrorCode.ProtocolError, Frame(FrameType.WindowUpdate, FrameFlags.None, Idle, Number(1)));
        yield return OfConnection("5.1 idle CONTINUATION", ErrorCode.ProtocolError, Frame(FrameType.Continuation, FrameFlags.EndHeaders, Idle, 0x88));
        yield return Ignored("5.1 idle PRIORITY", Frame(FrameType.Priority, FrameFlags.None, Idle, 0, 0, 0, 0, 1));
        yield return new("5.1 half-closed DATA", [.. Ok(Stream), .. Last], Told.Stream, ErrorCode.StreamClosed, "200");
        yield return OfConnection("5.1 half-closed HEADERS", ErrorCode.StreamClosed, [.. Head(Block, ":status", "200"), .. Head(Block, ":status", "200")]) with { Caller = "200" };
        yield return OfConnection("5.1 reset, then DATA", ErrorCode.StreamClosed, [.. Reset(ErrorCode.Cancel), .. Last]) with { Caller = "503" };
        yield return OfConnection("5.1 reset, then HEADERS", ErrorCode.StreamClosed, [.. Reset(ErrorCode.Cancel), .. Head(Block, ":status", "200")]) with { Caller = "503" };
        yield return OfConnection("5.1.1 HEADERS on a stream of its own", ErrorCode.ProtocolError, Frame(FrameType.Headers, Block, 2, 0x88));
        yield return OfConnection("5.1.1 DATA on a stream of its own", ErrorCode.ProtocolError, Frame(FrameType.Data, FrameFlags.EndStream, 2, 1));
        yield return OfConnection("5.3.1 HEADERS depends on itself", ErrorCode.ProtocolError, Frame(FrameType.Headers, Block | FrameFlags.Priority, Stream, [.. Number(Stream), 16, 0x88]));
        yield return OfConnection("5.3.1 PRIORITY depends on itself", ErrorCode.ProtocolError, Frame(FrameType.Priority, FrameFlags.None, Stream, [.. Number(Stream), 16]));
        yield return OfConnection("5.5 unknown frame inside a block", ErrorCode.ProtocolError, [.. Open200, .. Frame((FrameType)0x16, FrameFlags.None, 0)]);

        yield return OfConnection("6.1 DATA on 0", ErrorCode.ProtocolError, Frame(FrameType.Data, FrameFlags.EndStream, 0, 1));
        yield return OfStream("6.1 DATA before HEADERS", ErrorCode.ProtocolError, Last) with { Caller = "502" };
        yield return OfConnection("6.1 padding of all", ErrorCode.ProtocolError, [.. Head200, .. Data(FrameFlags.Padded, 6, 1, 2, 3, 4, 5)]);
        yield return OfConnection("6.1 padding without its length", ErrorCode.ProtocolError, [.. Head200, .. Data(FrameFlags.Padded)]);
        yield return Right("6.1 padding", [.. Head200, .. Data(FrameFlags.Padded | FrameFlags.EndStream, 2, 1, 0, 0)]);
        yield return OfConnection("6.2 HEADERS on 0", ErrorCode.ProtocolError, Frame(FrameType.Headers, Block, 0, 0x88));
        yield return OfConnection("6.2 padding of all", ErrorCode.ProtocolError, Frame(FrameType.Headers, Block | FrameFlags.Padded, Stream, 9, 0, 0));
        yield return OfConnection("6.2 priority cut off", ErrorCode.FrameSizeError, Frame(FrameType.Headers, Block | FrameFlags.Priority, Stream, 0, 0));
        yield return Right("6.2 priority and padding", Frame(FrameType.Headers, Block | FrameFlags.Priority | FrameFlags.Padded, Stream, 1, 0, 0, 0, 0, 16, 0x88, 0));
        yield return OfConnection("6.3 PRIORITY on 0", ErrorCode.ProtocolError, Frame(FrameType.Priority, FrameFlags.None, 0, 0, 0, 0, 1, 16));
        yield return OfConnection("6.3 PRIORITY short", ErrorCode.FrameSizeError, Frame(FrameType.Priority, FrameFlags.None, Stream, 0, 0, 0, 1));
        yield return OfConnection("6.4 RST_STREAM on 0", ErrorCode.ProtocolError, Frame(FrameType.RstStream, FrameFlags.None, 0, Number(8)));
        yield return OfConnection("6.4 RST_STREAM short", ErrorCode.FrameSizeError, Frame(FrameType.RstStream, FrameFlags.None, Stream, 0, 0, 0));
        yield return Right("6.4 RST_STREAM", Reset(ErrorCode.InternalError)) with { Caller = "503" };
        yield return OfConnection("6.6 PUSH_PROMISE", ErrorCode.ProtocolError, Frame(FrameType.PushPromise, FrameFlags.EndHeaders, Stream, [0, 0, 0, 2, .. Literal(":method", "GET")]));
        yield return OfConnection("6.7 PING on a stream", ErrorCode.ProtocolError, Frame(FrameType.Ping, FrameFlags.None, Stream, 1, 2, 3, 4, 5, 6, 7, 8));
        yield return OfConnection("6.7 PING short", ErrorCode.FrameSizeError, Frame(FrameType.Ping, FrameFlags.None, 0, 1, 2, 3, 4, 5, 6));
        yield return Ignored("6.7 PING ack that nobody asked for", Frame(FrameType.Ping, FrameFlags.Ack, 0, 1, 2, 3, 4, 5, 6, 7, 8));
        yield return OfConnection("6.8 GOAWAY on a stream", ErrorCode.ProtocolError, Frame(FrameType.GoAway, FrameFlags.None, Stream, 0, 0, 0, 0, 0, 0, 0, 0));
        yield return OfConnection("6.8 GOAWAY short", ErrorCode.FrameSizeError, Frame(FrameType.GoAway, FrameFlags.None, 0, 0, 0, 0, 0, 0, 0, 0));
        yield return Ignored("6.8 GOAWAY for later requests", Frame(FrameType.GoAway, FrameFlags.None, 0, [.. Number(int.MaxValue), .. Number(0x1234)]));
        yield return OfConnection("6.10 CONTINUATION after the end of a block", ErrorCode.ProtocolError, [.. Head200, .. Frame(FrameType.Continuation, FrameFlags.EndHeaders, Stream, 0)]);
        yield return OfConnection("6.10 CONTINUATION after DATA", ErrorCode.ProtocolError, [.. Head200, .. Data(FrameFlags.None, 1), .. Frame(FrameType.Continuation, FrameFlags.EndHeaders, Stream, 0)]);
        yield return OfConnection("6.10 CONTINUATION on 0", ErrorCode.ProtocolError, [.. Open200, .. Frame(FrameType.Continuation, FrameFlags.EndHeaders, 0, 0)]);
        yield return OfConnection("6.10 CONTINUATION on another stream", ErrorCode.ProtocolError, [.. Open200, .. Frame(FrameType.Continuation, FrameFlags.EndHeaders, Idle, 0)]);
        yield return Right("6.10 CONTINUATIONs", [.. Open200, .. Frame(FrameType.Continuation, FrameFlags.None, Stream, Literal("a", "b")), .. Frame(FrameType.Continuation, FrameFlags.EndHeaders, Stream, Literal("c", "d")), .. Last]);
        yield return Right("7 RST_STREAM of an unknown kind", Frame(FrameType.RstStream, FrameFlags.None, Stream, Number(0xff))) with { Caller = "503" };
    }

    /// <summary>The bit before the stream's id, which means nothing.</summary>
    private static byte[] Reserved(byte[] frame)
    {
        frame[5] |= 0x80;
        return frame;
    }

    private static byte[] Reset(ErrorCode code) => Frame(FrameType.RstStream, FrameFlags.None, Stream, Number((uint)code));

    private static IEnumerable<ServerCase> Settings()
    {
        static byte[] Set(params byte[] payload) => Frame(FrameType.Settings, FrameFlags.None, 0, payload);

        yield return OfConnection("6.5 SETTINGS ack with content", ErrorCode.FrameSizeError, Frame(FrameType.Settings, FrameFlags.Ack, 0, 0));
        yield return OfConnection("6.5 SETTINGS on a stream", ErrorCode.ProtocolError, Frame(FrameType.Settings, FrameFlags.None, Stream, Setting(3, 100)));
        yield return OfConnection("6.5 SETTINGS odd length", ErrorCode.FrameSizeError, Set(0, 3, 0));
        yield return OfConnection("6.5.2 ENABLE_PUSH from a server", ErrorCode.ProtocolError, Set(Setting(2, 1)));
        yield return OfConnection("6.5.2 ENABLE_PUSH 2", ErrorCode.ProtocolError, Set(Setting(2, 2)));
        yield return Ignored("6.5.2 ENABLE_PUSH 0", Set(Setting(2, 0)));
        yield return OfConnection("6.5.2 window too large", ErrorCode.FlowControlError, Set(Setting(4, 0x8000_0000)));
        yield return OfConnection("6.5.2 frame size too small", ErrorCode.ProtocolError, Set(Setting(5, 16_383)));
        yield return OfConnection("6.5.2 frame size too large", ErrorCode.ProtocolError, Set(Setting(5, 16_777_216)));
        yield return Ignored("6.5.2 unknown setting", Set(Setting(0xff, 1)));
        yield return Ignored("6.5.2 table of any size", Set([.. Setting(1, uint.MaxValue), .. Setting(1, 0)]));
        yield return OfConnection("RFC 8441 3 ENABLE_CONNECT_PROTOCOL 2", ErrorCode.ProtocolError, Set(Setting(8, 2)));
        yield return Ignored("6.5.3 SETTINGS of several values", Set([.. Setting(4, 100), .. Setting(4, 65_535)]));
        yield return Ignored("6.5.3 SETTINGS ack that nobody waits for", Frame(FrameType.Settings, FrameFlags.Ack, 0));
    }

    private static IEnumerable<ServerCase> Windows()
    {
        static byte[] Update(int stream, uint by) => Frame(FrameType.WindowUpdate, FrameFlags.None, stream, Number(by));

        yield return OfConnection("6.9 WINDOW_UPDATE of 0", ErrorCode.ProtocolError, Update(0, 0));
        yield return OfStream("6.9 WINDOW_UPDATE of 0 on a stream", ErrorCode.ProtocolError, Update(Stream, 0)) with { Caller = "502" };
        yield return OfConnection("6.9 WINDOW_UPDATE short", ErrorCode.FrameSizeError, Frame(FrameType.WindowUpdate, FrameFlags.None, 0, 0, 0, 1));
        yield return OfConnection("6.9 WINDOW_UPDATE short on a stream", ErrorCode.FrameSizeError, Frame(FrameType.WindowUpdate, FrameFlags.None, Stream, 0, 0, 1));
        yield return OfConnection("6.9.1 window overflow", ErrorCode.FlowControlError, [.. Update(0, int.MaxValue), .. Update(0, int.MaxValue)]);
        yield return OfStream("6.9.1 window overflow of a stream", ErrorCode.FlowControlError, [.. Update(Stream, int.MaxValue), .. Update(Stream, int.MaxValue)]) with { Caller = "502" };
        yield return OfConnection("6.9.2 overflow by SETTINGS", ErrorCode.FlowControlError, [.. Update(Stream, int.MaxValue - 65_535), .. Frame(FrameType.Settings, FrameFlags.None, 0, Setting(4, 65_536))]);
    }

    private static IEnumerable<ServerCase> Messages()
    {
        static byte[] Trailers(FrameFlags flags, params string[] fields) => Head(flags, fields);

        yield return Right("8.1 interim before the final head", [.. Head(FrameFlags.EndHeaders, ":status", "103", "link", "</a>"), .. Ok(Stream)]);
        yield return Right("8.1 trailers", [.. Head200, .. Data(FrameFlags.None, 1), .. Trailers(Block, "x-a", "b")]);
        yield return Right("8.1 nothing but a head", Head(Block, ":status", "200"));
        yield return OfStream("8.1 interim at the end", ErrorCode.ProtocolError, Head(Block, ":status", "103"));
        yield return OfStream("8.1 trailers without END_STREAM", ErrorCode.ProtocolError, [.. Head200, .. Trailers(FrameFlags.EndHeaders, "x-a", "b")]);
        yield return OfStream("8.1 second head", ErrorCode.ProtocolError, [.. Head200, .. Head(Block, ":status", "200")]);
        yield return OfStream("8.1 DATA after an interim head", ErrorCode.ProtocolError, [.. Head(FrameFlags.EndHeaders, ":status", "103"), .. Last]);
        yield return OfStream("8.1.1 length too long", ErrorCode.ProtocolError, [.. Head(FrameFlags.EndHeaders, ":status", "200", "content-length", "1"), .. Data(FrameFlags.EndStream, 1, 2)]);
        yield return OfStream("8.1.1 length too short", ErrorCode.ProtocolError, [.. Head(FrameFlags.EndHeaders, ":status", "200", "content-length", "5"), .. Data(FrameFlags.EndStream, 1, 2)]);
        yield return OfStream("8.1.1 length too short in two frames", ErrorCode.ProtocolError, [.. Head(FrameFlags.EndHeaders, ":status", "200", "content-length", "5"), .. Data(FrameFlags.None, 1, 2), .. Data(FrameFlags.EndStream, 1, 2)]);
        yield return OfStream("8.1.1 length and no body", ErrorCode.ProtocolError, Head(Block, ":status", "200", "content-length", "5"));
        yield return OfStream("8.1.1 length, and trailers before its end", ErrorCode.ProtocolError, [.. Head(FrameFlags.EndHeaders, ":status", "200", "content-length", "5"), .. Data(FrameFlags.None, 1), .. Trailers(Block, "x-a", "b")]);
        yield return OfStream("8.3 pseudo-header in trailers", ErrorCode.ProtocolError, [.. Head200, .. Data(FrameFlags.None, 1), .. Trailers(Block, ":status", "200")]);
        yield return OfStream("8.6 101", ErrorCode.ProtocolError, Head(FrameFlags.EndHeaders, ":status", "101"));
    }

    private static IEnumerable<ServerCase> Fields()
    {
        foreach (var (name, fields) in BadFields())
        {
            yield return OfStream("8.2/8.3 " + name, ErrorCode.ProtocolError, Head(Block, fields)) with { Caller = "502" };
        }

        foreach (var (name, fields) in BadTrailers())
        {
            yield return OfStream("8.2/8.3 in trailers, " + name, ErrorCode.ProtocolError, [.. Head200, .. Data(FrameFlags.None, 1), .. Head(Block, fields)]);
        }
    }

    private static IEnumerable<(string Name, string[] Fields)> BadTrailers()
    {
        yield return ("upper case", ["X-A", "b"]);
        yield return ("CR LF in a value", ["x-a", "b\r\nx-smuggled: 1"]);
        yield return ("transfer-encoding", ["transfer-encoding", "chunked"]);
        yield return ("connection", ["connection", "close"]);
    }

    private static IEnumerable<(string Name, string[] Fields)> BadFields()
    {
        string[] good = [":status", "200"];
        yield return ("no status", ["x-a", "b"]);
        yield return ("nothing", []);
        yield return ("two statuses", [.. good, ":status", "200"]);
        yield return ("status of two digits", [":status", "20"]);
        yield return ("status of four digits", [":status", "2000"]);
        yield return ("status that is no number", [":status", "2x0"]);
        yield return ("status of 0", [":status", "000"]);
        yield return ("status with a reason", [":status", "200 OK"]);
        yield return ("negative status", [":status", "-20"]);
        yield return ("empty status", [":status", ""]);
        yield return ("pseudo-header of requests", [.. good, ":path", "/"]);
        yield return ("method", [.. good, ":method", "GET"]);
        yield return ("unknown pseudo-header", [.. good, ":foo", "a"]);
        yield return ("pseudo-header after a field", ["x-a", "b", .. good]);
        yield return ("upper case", [.. good, "X-Upper", "a"]);
        yield return ("empty name", [.. good, "", "a"]);
        yield return ("space in a name", [.. good, "x a", "b"]);
        yield return ("colon in a name", [.. good, "x:a", "b"]);
        yield return ("CR LF in a name", [.. good, "x-a: b\r\nx-b", "c"]);
        yield return ("CR LF in a value", [.. good, "x-a", "b\r\nx-smuggled: 1"]);
        yield return ("CR in a value", [.. good, "x-a", "b\rc"]);
        yield return ("LF in a value", [.. good, "x-a", "b\nx-smuggled: 1"]);
        yield return ("NUL in a value", [.. good, "x-a", "b\0c"]);
        yield return ("space before a value", [.. good, "x-a", " b"]);
        yield return ("space after a value", [.. good, "x-a", "b "]);
        yield return ("transfer-encoding", [.. good, "transfer-encoding", "chunked"]);
        yield return ("connection", [.. good, "connection", "close"]);
        yield return ("keep-alive", [.. good, "keep-alive", "timeout=5"]);
        yield return ("proxy-connection", [.. good, "proxy-connection", "close"]);
        yield return ("upgrade", [.. good, "upgrade", "websocket"]);
        yield return ("two lengths", [.. good, "content-length", "0", "content-length", "1"]);
        yield return ("length that is none", [.. good, "content-length", "+1"]);
    }

    /// <summary>RFC 7541.</summary>
    private static IEnumerable<ServerCase> Blocks()
    {
        static ServerCase Bad(string name, params byte[] block) =>
            OfConnection("HPACK " + name, ErrorCode.CompressionError, Frame(FrameType.Headers, Block, Stream, [0x88, .. block]));

        yield return Bad("2.3.3 index that is not there", 0xff, 0x00);
        yield return Bad("2.3.3 name that is not there", 0x7f, 0x00, 1, 0x61);
        yield return Bad("4.2 size update behind a field", 0x20);
        yield return Bad("5.2 padding of more than 7 bits", 0x00, 0x81, 0x1f, 0x82, 0x1f, 0xff);
        yield return Bad("5.2 padding of zeros", 0x00, 0x81, 0x1f, 0x81, 0x18);
        yield return Bad("5.2 EOS", 0x00, 0x81, 0x1f, 0x84, 0xff, 0xff, 0xff, 0xfc);
        yield return Bad("6.1 index 0", 0x80);
        yield return OfConnection("HPACK 6.3 size over the setting", ErrorCode.CompressionError, Frame(FrameType.Headers, Block, Stream, 0x3f, 0xe2, 0x1f, 0x88));
    }
}
