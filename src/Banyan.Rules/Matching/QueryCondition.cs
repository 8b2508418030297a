using System.Buffers;

namespace Banyan.Rules.Matching;

/// <summary>One query parameter matcher. The first parameter of the name counts; names and values are compared decoded.</summary>
/// <remarks>Decoding is that of forms: '+' is a space, a percent-encoding its byte, a bad one stands for itself.</remarks>
internal sealed class QueryCondition
{
    private const int OnStack = 256;

    /// <summary>The decoded name.</summary>
    public required byte[] Name { get; init; }

    /// <summary>What the value must be; null = presence is asked for.</summary>
    public StringPattern? Text { get; init; }

    /// <summary>What a condition without <see cref="Text"/> asks for.</summary>
    public bool Present { get; init; } = true;

    public bool Matches(ReadOnlySpan<byte> query)
    {
        while (!query.IsEmpty)
        {
            var end = query.IndexOf((byte)'&');
            var parameter = end < 0 ? query : query[..end];
            query = end < 0 ? default : query[(end + 1)..];
            var equals = parameter.IndexOf((byte)'=');
            var name = equals < 0 ? parameter : parameter[..equals];
            if (!parameter.IsEmpty && Decoded(name, this, static (value, condition) => value.SequenceEqual(condition.Name)))
            {
                return Text is null
                    ? Present
                    : Decoded(equals < 0 ? default : parameter[(equals + 1)..], this, static (value, condition) => condition.Text!.Matches(value));
            }
        }

        return Text is null && !Present;
    }

    private delegate bool ValueTest(ReadOnlySpan<byte> value, QueryCondition condition);

    private static bool Decoded(ReadOnlySpan<byte> text, QueryCondition condition, ValueTest test)
    {
        if (text.IndexOfAny((byte)'%', (byte)'+') < 0)
        {
            return test(text, condition);
        }

        byte[]? rented = null;
        var decoded = text.Length <= OnStack ? stackalloc byte[OnStack] : rented = ArrayPool<byte>.Shared.Rent(text.Length);
        var matches = test(decoded[..Decode(text, decoded)], condition);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return matches;
    }

    private static int Decode(ReadOnlySpan<byte> text, Span<byte> output)
    {
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var b = text[i];
            if (b == (byte)'+')
            {
                b = (byte)' ';
            }
            else if (b == (byte)'%' && i + 2 < text.Length && PercentEncoding.TryDecode(text[i + 1], text[i + 2], out var value))
            {
                b = value;
                i += 2;
            }

            output[length++] = b;
        }

        return length;
    }
}
