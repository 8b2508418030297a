using System.Text;
using Banyan.Wire.Tls;

namespace Banyan.Tests.Wire.Tls;

/// <summary>What the parser says of some bytes, in words.</summary>
internal static class HelloText
{
    /// <summary>The result for the whole input.</summary>
    public static string Of(ReadOnlySpan<byte> input)
    {
        // Exact sizes, so that a step beyond an end throws.
        var scratch = new byte[ClientHello.ScratchSize];
        var status = ClientHello.Read(input, scratch, out var hello, out var needed);
        return status switch
        {
            ClientHelloStatus.Complete =>
                $"{Encoding.Latin1.GetString(hello.ServerName)}|{Encoding.Latin1.GetString(hello.Protocols)}",
            ClientHelloStatus.Incomplete => needed > input.Length ? "Incomplete" : $"needs {needed} of {input.Length}",
            _ => status.ToString(),
        };
    }

    /// <summary>What is wrong when the input comes byte by byte: null where it ends as the whole does, as soon as the parser
    /// can know and not before it asks for more.</summary>
    public static string? SplitProblem(byte[] input)
    {
        var whole = Of(input);
        var scratch = new byte[ClientHello.ScratchSize];
        var needed = 1;
        for (var length = 0; length <= input.Length; length++)
        {
            var part = Of(input.AsSpan(0, length));
            if (part != "Incomplete")
            {
                return part == whole
                    ? length < needed && part is not ("NotTls" or "Malformed") ? $"{part} at {length}, asked for {needed}" : null
                    : $"{whole}, but {part} after {length}";
            }

            ClientHello.Read(input.AsSpan(0, length), scratch, out _, out needed);
        }

        return whole == "Incomplete" ? null : $"{whole}, but never in parts";
    }
}
