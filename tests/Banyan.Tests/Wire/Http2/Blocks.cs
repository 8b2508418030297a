using System.Text;
using Banyan.Wire.Http1;
using Banyan.Wire.Http2;

namespace Banyan.Tests.Wire.Http2;

/// <summary>Field blocks written by hand, and decoding them to strings. Text is Latin-1, one character a byte.</summary>
internal static class Blocks
{
    /// <summary>What a well-formed request begins with here.</summary>
    public const string Start = ":method=GET|:scheme=http|:path=/|:authority=a";

    /// <summary>Literals, not indexed, not Huffman-coded, of fields written <c>name=value|name=value</c>.</summary>
    public static byte[] Of(string fields, byte pattern = 0)
    {
        var block = new List<byte>();
        foreach (var field in fields.Split('|', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = field.IndexOf('=', StringComparison.Ordinal);
            block.AddRange(Literal(field[..equals], field[(equals + 1)..], pattern));
        }

        return [.. block];
    }

    public static byte[] Literal(string name, string value, byte pattern = 0) => [pattern, .. String(name), .. String(value)];

    public static byte[] String(string text) => [.. Integer(0, 7, text.Length), .. Encoding.Latin1.GetBytes(text)];

    /// <summary>An integer as RFC 7541 §5.1 describes it, written down a second time.</summary>
    public static byte[] Integer(byte pattern, int prefixBits, long value)
    {
        var most = (1 << prefixBits) - 1;
        if (value < most)
        {
            return [(byte)(pattern | (int)value)];
        }

        var bytes = new List<byte> { (byte)(pattern | most) };
        value -= most;
        while (value >= 128)
        {
            bytes.Add((byte)((value % 128) + 128));
            value /= 128;
        }

        bytes.Add((byte)value);
        return [.. bytes];
    }

    public static (FieldBlockStatus Status, string Text, RequestKind Kind) Request(HpackDecoder decoder, ReadOnlySpan<byte> block)
    {
        var text = new byte[HeadLimits.MaxBytes];
        var status = decoder.DecodeRequest(block, text, out var length, out var kind);
        return (status, Encoding.Latin1.GetString(text, 0, length), kind);
    }

    public static (FieldBlockStatus Status, string Text) Response(HpackDecoder decoder, ReadOnlySpan<byte> block)
    {
        var text = new byte[HeadLimits.MaxBytes];
        var status = decoder.DecodeResponse(block, text, out var length);
        return (status, Encoding.Latin1.GetString(text, 0, length));
    }

    public static (FieldBlockStatus Status, string Text) Trailers(HpackDecoder decoder, ReadOnlySpan<byte> block)
    {
        var text = new byte[HeadLimits.MaxBytes];
        var status = decoder.DecodeTrailers(block, text, out var length);
        return (status, Encoding.Latin1.GetString(text, 0, length));
    }

    public static byte[] EncodeRequest(HpackEncoder encoder, string head, bool extendedConnect = false)
    {
        var output = new byte[2 * HeadLimits.MaxBytes];
        return output[..encoder.EncodeRequest(Encoding.Latin1.GetBytes(head), output, extendedConnect)];
    }

    public static byte[] EncodeResponse(HpackEncoder encoder, string head)
    {
        var output = new byte[2 * HeadLimits.MaxBytes];
        return output[..encoder.EncodeResponse(Encoding.Latin1.GetBytes(head), output)];
    }

    public static byte[] EncodeTrailers(HpackEncoder encoder, string lines)
    {
        var output = new byte[2 * HeadLimits.MaxBytes];
        return output[..encoder.EncodeTrailers(Encoding.Latin1.GetBytes(lines), output)];
    }
}
