using System.Buffers.Binary;
using System.Text;

namespace Banyan.Bench.Load;

/// <summary>
/// The answer of the HTTP/2 backend as whole frames, in which only the numbers of the streams are missing. The first on a
/// connection puts its fields into the dynamic table of HPACK (RFC 7541, 6.2.1); all later ones refer to them.
/// </summary>
internal sealed class Http2Answer
{
    /// <summary>With a table of at least this many bytes nothing of an answer falls out of it again.</summary>
    public const int TableBytes = 1024;

    private const byte Status200 = 0x88, Indexed = 0x80, Added = 0x40, TableOff = 0x20;
    private const int DynamicTable = 62;
    private const byte DataFrame = 0, HeadersFrame = 1, EndStream = 1, EndHeaders = 4;

    private readonly (string Name, int StaticIndex, string Value)[] _fields;
    private readonly int _inTrailers;
    private readonly byte[] _body;
    private readonly int _frames;

    private Http2Answer((string Name, int StaticIndex, string Value)[] fields, int inTrailers, byte[] body, int frames = 1)
    {
        (_fields, _inTrailers, _body, _frames) = (fields, inTrailers, body, frames);
        var fresh = fields.Select(field => Literal(field, Added)).ToArray();
        var known = fields.Select((_, i) => new[] { (byte)(Indexed | (DynamicTable + fields.Length - 1 - i)) }).ToArray();
        var plain = fields.Select(field => Literal(field, 0)).ToArray();
        First = Frames([Status200], fresh);
        Later = Frames([Status200], known);
        FirstWithoutTable = Frames([TableOff, Status200], plain);
        LaterWithoutTable = Frames([Status200], plain);
    }

    public Prepared First { get; }

    public Prepared Later { get; }

    /// <summary>The first answer for a peer that wants no dynamic table (RFC 7541, 4.2).</summary>
    public Prepared FirstWithoutTable { get; }

    public Prepared LaterWithoutTable { get; }

    /// <summary>What an answer takes of the flow-control windows.</summary>
    public int BodyBytes => _body.Length * _frames;

    /// <param name="protocol">One of those over HTTP/2.</param>
    /// <param name="size">Bytes of the body; for gRPC of the message.</param>
    /// <param name="messages">Messages of a gRPC answer, each in a frame of its own.</param>
    public static Http2Answer Of(Protocol protocol, int size, int messages = 1)
    {
        (string, int, string) type = ("content-type", 31, protocol == Protocol.Grpc ? GrpcMessage.ContentType : "text/plain");
        return protocol == Protocol.Grpc
            ? new Http2Answer([type, (GrpcMessage.StatusField, 0, "0")], inTrailers: 1, GrpcMessage.OfSize(size), messages)
            : new Http2Answer(
                [("server", 54, "backend"), ("date", 33, "Fri, 21 Nov 2025 10:00:00 GMT"), type, ("content-length", 28, $"{size}")],
                inTrailers: 0,
                [.. Enumerable.Repeat((byte)'b', size)]);
    }

    /// <summary>Whole frames; the number of the stream goes to each of the offsets.</summary>
    internal sealed record Prepared(byte[] Bytes, int[] StreamIds)
    {
        public void Write(Span<byte> output, int stream)
        {
            Bytes.CopyTo(output);
            foreach (var at in StreamIds)
            {
                BinaryPrimitives.WriteInt32BigEndian(output[at..], stream);
            }
        }
    }

    private Prepared Frames(byte[] start, byte[][] fields)
    {
        var inHead = fields.Length - _inTrailers;
        List<byte> bytes = [];
        List<int> ids = [];
        Frame(HeadersFrame, EndHeaders, [.. start, .. fields.Take(inHead).SelectMany(f => f)]);
        for (var i = 0; i < _frames; i++)
        {
            Frame(DataFrame, _inTrailers == 0 ? EndStream : (byte)0, _body);
        }

        if (_inTrailers > 0)
        {
            Frame(HeadersFrame, EndHeaders | EndStream, [.. fields.Skip(inHead).SelectMany(f => f)]);
        }

        return new Prepared([.. bytes], [.. ids]);

        void Frame(byte type, byte flags, byte[] payload)
        {
            bytes.AddRange([(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, type, flags]);
            ids.Add(bytes.Count);
            bytes.AddRange([0, 0, 0, 0, .. payload]);
        }
    }

    // Names of the static table by number; text as it is, shorter than 127 bytes each.
    private static byte[] Literal((string Name, int StaticIndex, string Value) field, byte kind) => field.StaticIndex switch
    {
        0 => [kind, .. Text(field.Name), .. Text(field.Value)],
        var index when kind == Added => [(byte)(kind | index), .. Text(field.Value)],
        var index => [(byte)(kind | 15), (byte)(index - 15), .. Text(field.Value)],
    };

    private static byte[] Text(string text) => [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)];
}
