using System.Buffers.Binary;

namespace Banyan.Wire.Tls;

/// <summary>What the first message of a TLS client says openly (RFC 8446 §4.1.2): the server it wants, the protocols it
/// would speak. Valid as long as the memory it was read into.</summary>
public readonly ref struct ClientHello
{
    /// <summary>Longest message that is read, bytes; the usual ones have 300 to 1,900.</summary>
    public const int MaxLength = 16 * 1024;

    /// <summary>Longest input that is looked at, bytes: the message and the headers of the records it is spread over.</summary>
    public const int MaxInput = 32 * 1024;

    /// <summary>Size of the memory that <see cref="Read"/> needs, bytes.</summary>
    public const int ScratchSize = HandshakeHeader + MaxLength;

    /// <summary>A message in more pieces than these is refused: each look at it goes through all of them.</summary>
    private const int MaxRecords = 1024;

    private const int RecordHeader = 5;
    private const int HandshakeHeader = 4;
    private const int MaxRecord = 16 * 1024;
    private const byte HandshakeRecord = 22;
    private const byte MajorVersion = 3;
    private const byte HelloMessage = 1;
    private const int ServerNameExtension = 0;
    private const int ProtocolsExtension = 16;
    private const byte HostName = 0;
    private const int LongestName = 255;

    /// <summary>Name of the server as the client wrote it (RFC 6066 §3), 1 to 255 printable bytes of ASCII; empty when it
    /// named none.</summary>
    public ReadOnlySpan<byte> ServerName { get; private init; }

    /// <summary>The list of ALPN (RFC 7301 §3.1) without its length: names, each behind a byte with its length. Empty when
    /// the client offered none.</summary>
    public ReadOnlySpan<byte> Protocols { get; private init; }

    /// <summary>Reads the ClientHello at the beginning of what a client has sent; consumes nothing.</summary>
    /// <param name="input">All bytes received so far.</param>
    /// <param name="scratch">Memory of <see cref="ScratchSize"/> bytes, into which the message is put together.</param>
    /// <param name="hello">Set when the result is <see cref="ClientHelloStatus.Complete"/>.</param>
    /// <param name="needed">When it is <see cref="ClientHelloStatus.Incomplete"/>: with fewer bytes of input than these
    /// the result will be the same or a refusal. Always more than there are.</param>
    public static ClientHelloStatus Read(
        ReadOnlySpan<byte> input, Span<byte> scratch, out ClientHello hello, out int needed)
    {
        hello = default;
        needed = 0;
        var at = 0;
        var gathered = 0;
        for (var records = 0; ; records++)
        {
            var status = Record(input[at..], isFirst: at == 0, out var payload, out var length);
            if (at + length > MaxInput || records == MaxRecords)
            {
                return ClientHelloStatus.Malformed;
            }

            if (status != ClientHelloStatus.Complete)
            {
                needed = at + length;
                return status;
            }

            // What follows the message in its record is none of our business.
            var part = Math.Min(payload.Length, ScratchSize - gathered);
            payload[..part].CopyTo(scratch[gathered..]);
            gathered += part;
            at += length;
            if (gathered < HandshakeHeader)
            {
                continue;
            }

            var message = (scratch[1] << 16) | BinaryPrimitives.ReadUInt16BigEndian(scratch[2..]);
            if (message > MaxLength)
            {
                return ClientHelloStatus.Malformed;
            }

            if (gathered >= HandshakeHeader + message)
            {
                return Message(scratch.Slice(HandshakeHeader, message), out hello)
                    ? ClientHelloStatus.Complete
                    : ClientHelloStatus.Malformed;
            }
        }
    }

    /// <summary>One record of handshake bytes (RFC 8446 §5.1). Its version is not looked at, as the RFC asks.</summary>
    private static ClientHelloStatus Record(
        ReadOnlySpan<byte> input, bool isFirst, out ReadOnlySpan<byte> payload, out int length)
    {
        payload = default;
        length = RecordHeader;
        var refusal = isFirst ? ClientHelloStatus.NotTls : ClientHelloStatus.Malformed;
        if ((input.Length > 0 && input[0] != HandshakeRecord) || (input.Length > 1 && input[1] != MajorVersion))
        {
            return refusal;
        }

        if (input.Length < RecordHeader)
        {
            return ClientHelloStatus.Incomplete;
        }

        int size = BinaryPrimitives.ReadUInt16BigEndian(input[3..]);
        if (size is 0 or > MaxRecord || (isFirst && input.Length > RecordHeader && input[RecordHeader] != HelloMessage))
        {
            return refusal;
        }

        length += size;
        if (input.Length < length)
        {
            return ClientHelloStatus.Incomplete;
        }

        payload = input[RecordHeader..length];
        return ClientHelloStatus.Complete;
    }

    private static bool Message(ReadOnlySpan<byte> message, out ClientHello hello)
    {
        hello = default;
        var reader = new TlsReader(message);
        const int Version = 2;
        const int Random = 32;
        if (!reader.Skip(Version + Random)
            || !reader.Vector8(out var session) || session.Length > 32
            || !reader.Vector16(out var ciphers) || ciphers.Length < 2 || ciphers.Length % 2 != 0
            || !reader.Vector8(out var compressions) || compressions.IsEmpty)
        {
            return false;
        }

        // TLS 1.2 and older may leave the extensions out altogether.
        return reader.IsAtEnd || (reader.Vector16(out var extensions) && reader.IsAtEnd && Extensions(extensions, out hello));
    }

    private static bool Extensions(ReadOnlySpan<byte> extensions, out ClientHello hello)
    {
        hello = default;
        ReadOnlySpan<byte> name = default;
        ReadOnlySpan<byte> protocols = default;
        var reader = new TlsReader(extensions);
        while (!reader.IsAtEnd)
        {
            if (!reader.Number16(out var type) || !reader.Vector16(out var data))
            {
                return false;
            }

            // Either may come once (RFC 8446 §4.2), and neither is ever empty.
            if ((type == ServerNameExtension && !(name.IsEmpty && Name(data, out name)))
                || (type == ProtocolsExtension && !(protocols.IsEmpty && ProtocolNames(data, out protocols))))
            {
                return false;
            }
        }

        hello = new ClientHello { ServerName = name, Protocols = protocols };
        return true;
    }

    /// <summary>The one host name of the list; names of types that nobody has defined are passed over.</summary>
    private static bool Name(ReadOnlySpan<byte> data, out ReadOnlySpan<byte> name)
    {
        name = default;
        var outer = new TlsReader(data);
        if (!outer.Vector16(out var list) || !outer.IsAtEnd || list.IsEmpty)
        {
            return false;
        }

        var reader = new TlsReader(list);
        while (!reader.IsAtEnd)
        {
            if (!reader.Number8(out var type) || !reader.Vector16(out var text) || text.IsEmpty)
            {
                return false;
            }

            if (type != HostName)
            {
                continue;
            }

            if (!name.IsEmpty || text.Length > LongestName || text.ContainsAnyExceptInRange((byte)'!', (byte)'~'))
            {
                return false;
            }

            name = text;
        }

        return true;
    }

    private static bool ProtocolNames(ReadOnlySpan<byte> data, out ReadOnlySpan<byte> protocols)
    {
        var outer = new TlsReader(data);
        if (!outer.Vector16(out protocols) || !outer.IsAtEnd || protocols.IsEmpty)
        {
            return false;
        }

        var reader = new TlsReader(protocols);
        while (!reader.IsAtEnd)
        {
            if (!reader.Vector8(out var protocol) || protocol.IsEmpty)
            {
                return false;
            }
        }

        return true;
    }
}
