using System.Buffers.Binary;
using System.Text;

namespace Banyan.Examples.Protocols;

/// <summary>
/// Messages of gRPC, as protocols.proto describes them: <c>message Text { string text = 1; }</c>. By hand, so that the
/// example needs no package.
/// </summary>
internal static class GrpcText
{
    private const int PrefixLength = 5;
    private const byte FieldOneText = 0x0A;

    /// <summary>Texts are short: their length is one byte.</summary>
    private const int LongestText = 127;

    /// <summary>Writes one message and sends it.</summary>
    public static async Task WriteAsync(Stream stream, string text, CancellationToken stop)
    {
        if (text.Length > LongestText)
        {
            throw new ArgumentException($"longer than {LongestText} characters", nameof(text));
        }

        var bytes = Encoding.ASCII.GetBytes(text);
        var message = new byte[PrefixLength + 2 + bytes.Length];
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), 2 + bytes.Length);
        (message[PrefixLength], message[PrefixLength + 1]) = (FieldOneText, (byte)bytes.Length);
        bytes.CopyTo(message, PrefixLength + 2);
        await stream.WriteAsync(message, stop);
        await stream.FlushAsync(stop);
    }

    /// <summary>Reads one message; nothing when the stream has ended.</summary>
    /// <exception cref="InvalidDataException">It is not such a message.</exception>
    public static async Task<string?> ReadAsync(Stream stream, CancellationToken stop)
    {
        var prefix = new byte[PrefixLength];
        if (await stream.ReadAtLeastAsync(prefix, PrefixLength, throwOnEndOfStream: false, stop) < PrefixLength)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(prefix.AsSpan(1));
        if (prefix[0] != 0 || length is < 2 or > LongestText + 2)
        {
            throw new InvalidDataException("not a Text");
        }

        var message = new byte[length];
        await stream.ReadExactlyAsync(message, stop);
        return message[0] == FieldOneText && message[1] == length - 2
            ? Encoding.ASCII.GetString(message, 2, length - 2)
            : throw new InvalidDataException("not a Text");
    }
}
