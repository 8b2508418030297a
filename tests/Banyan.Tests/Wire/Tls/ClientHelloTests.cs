using System.Buffers.Binary;
using Banyan.Testing;
using Banyan.Wire.Tls;
using Xunit;
using static Banyan.Testing.TlsHello;

namespace Banyan.Tests.Wire.Tls;

/// <summary>The table of ClientHello messages: each as a whole and split at every byte.</summary>
public sealed class ClientHelloTests
{
    private const string Bad = "Malformed";

    private static readonly byte[] Good = For("a.test");

    private static readonly Dictionary<string, (byte[] Bytes, string Expected)> Rows = new()
    {
        ["a name and protocols"] = (Good, "a.test|\u0002h2\u0008http/1.1"),
        ["no name"] = (For(""), "|\u0002h2\u0008http/1.1"),
        ["no extensions"] = (Records(Message([])), "|"),
        ["not even their length"] = (Records(Message(null)), "|"),
        ["two records"] = (For("a.test", recordSize: 70), "a.test|\u0002h2\u0008http/1.1"),
        ["a name over two records"] = (Records(Message(ServerName("a.test")), 97), "a.test|"),
        ["a record for each byte"] = (For("a.test", recordSize: 1), "a.test|\u0002h2\u0008http/1.1"),
        ["as long as it may be"] = (Records(Message(ServerName("a.test"), Extension(21, new byte[16 * 1024 - 96]))), "a.test|"),
        ["one byte longer"] = (Records(Message(ServerName("a.test"), Extension(21, new byte[16 * 1024 - 95]))), Bad),
        ["too many records"] = (Records(Message(Extension(21, new byte[6_000])), 1), Bad),
        ["the longest name"] = (Records(Message(ServerName(new string('a', 255)))), new string('a', 255) + "|"),
        ["a longer name"] = (Records(Message(ServerName(new string('a', 256)))), Bad),
        ["two names"] = (Records(Message(ServerName("a.test", "b.test"))), Bad),
        ["two lists of names"] = (Records(Message(ServerName("a.test"), ServerName("a.test"))), Bad),
        ["an empty name"] = (Records(Message(ServerName(""))), Bad),
        ["no name in the list"] = (Records(Message(ServerName())), Bad),
        ["an empty extension"] = (Records(Message(Extension(0, []))), Bad),
        ["a name with a NUL"] = (Records(Message(ServerName("a.test\0.b"))), Bad),
        ["a name with a space"] = (Records(Message(ServerName("a test"))), Bad),
        ["a name beyond ASCII"] = (Records(Message(ServerName("\u00e4.test"))), Bad),
        ["a name of another type first"] =
            (Records(Message(Extension(0, Vector16([7, .. Vector16([1, 2]), 0, .. Vector16("b.test"u8.ToArray())])))), "b.test|"),
        ["bytes behind the list of names"] = (Records(Message(Extension(0, [.. Vector16([0, .. Vector16("b"u8.ToArray())]), 0]))), Bad),
        ["a name that ends too late"] = (Records(Message(Extension(0, Vector16([0, 0, 3, 97])))), Bad),
        ["protocols twice"] = (Records(Message(Alpn("h2"), Alpn("h2"))), Bad),
        ["an empty protocol"] = (Records(Message(Alpn(""))), Bad),
        ["no protocol"] = (Records(Message(Alpn())), Bad),
        ["bytes behind the protocols"] = (Records(Message(Extension(16, [.. Vector16([1, 97]), 0]))), Bad),
        ["an extension that ends too late"] = (Records(Message([[0, 10, 0, 9]])), Bad),
        ["half an extension"] = (Records(Message([[0, 10, 0]])), Bad),
        ["bytes behind the extensions"] = (Records(Grown(Message(ServerName("a.test")), 1)), Bad),
        ["a session id of 33 bytes"] = (Records(Changed(Message(), 38, 33)), Bad),
        ["no cipher"] = (Records(Changed(Message(), 72, 0)), Bad),
        ["half a cipher"] = (Records(Changed(Message(), 72, 3)), Bad),
        ["no compression"] = (Records(Changed(Message(), 77, 0)), Bad),
        ["a message that ends in the random"] = (Records([1, 0, 0, 20, .. new byte[20]]), Bad),
        ["another message behind it"] = (Records([.. Message(ServerName("a.test")), 14, 0, 0, 0]), "a.test|"),
        ["anything behind the record"] = ([.. Records(Message(ServerName("a.test"))), 0, 1, 2], "a.test|"),
        ["another record in the middle"] = ([.. Records(Message(ServerName("a.test")))[..75].Also(4, 70), 23, 3, 3, 0, 1, 0], Bad),
        ["an empty record in the middle"] = ([.. Records(Message(ServerName("a.test")))[..75].Also(4, 70), 22, 3, 3, 0, 0], Bad),
        ["another version in the middle"] = ([.. Records(Message(ServerName("a.test")))[..75].Also(4, 70), 22, 2, 3, 0, 9], Bad),
        ["too long a record in the middle"] = ([.. Records(Message(ServerName("a.test")))[..75].Also(4, 70), 22, 3, 3, 64, 1], Bad),
        ["a message of 16 MiB"] = ([22, 3, 1, 0, 4, 1, 255, 255, 255], Bad),
        ["nothing"] = ([], "Incomplete"),
        ["all but the last byte"] = (Good[..^1], "Incomplete"),
        ["text"] = ("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), "NotTls"),
        ["SSL 2"] = ([22, 2, 0, 0, 50], "NotTls"),
        ["an alert"] = ([21, 3, 1, 0, 2, 2, 40], "NotTls"),
        ["a ServerHello"] = ([22, 3, 3, 0, 50, 2], "NotTls"),
        ["an empty record"] = ([22, 3, 1, 0, 0], "NotTls"),
        ["too long a record"] = ([22, 3, 1, 64, 1], "NotTls"),
    };

    public static TheoryData<string> Names => [.. Rows.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void IsReadTheSameHoweverItComes(string name)
    {
        var (bytes, expected) = Rows[name];
        Assert.Equal(expected, HelloText.Of(bytes));
        Assert.Null(bytes.Length > 4_000 ? null : HelloText.SplitProblem(bytes));
    }

    [Fact]
    public void NothingIsAllocated()
    {
        var scratch = new byte[ClientHello.ScratchSize];
        var split = For("a.test", recordSize: 50);
        ClientHello.Read(split, scratch, out _, out _);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            ClientHello.Read(split, scratch, out _, out _);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>A sender of one byte at a time must not make the parser begin anew with each.</summary>
    [Fact]
    public void ItAsksForWholeRecords()
    {
        ClientHello.Read(Good.AsSpan(0, 6), new byte[ClientHello.ScratchSize], out _, out var needed);
        Assert.Equal(Good.Length, needed);
    }

    private static byte[] Changed(byte[] message, int at, byte value) => message.Also(at, value);

    private static byte[] Grown(byte[] message, int by)
    {
        byte[] grown = [.. message, .. new byte[by]];
        BinaryPrimitives.WriteUInt16BigEndian(grown.AsSpan(2), (ushort)(grown.Length - 4));
        return grown;
    }
}

internal static class ByteChange
{
    public static byte[] Also(this byte[] bytes, int at, byte value)
    {
        bytes[at] = value;
        return bytes;
    }
}
