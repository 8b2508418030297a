using System;
using System.Text;
using Banyan.Wire.Http2;

namespace Banyan.Tests.Wire.Http2;

/// <summary>What blocks become, as one string. Compiled a second time, together with decoders that lack a check.</summary>
public static class BlockTranscript
{
    /// <summary>Decodes the blocks with one decoder.</summary>
    /// <param name="kind">Q for requests, A for responses, T for trailers.</param>
    /// <param name="blocks">The blocks.</param>
    /// <returns>The text that the last one becomes, with CRLF written as ~, or a status other than Ok.</returns>
    public static string Of(char kind, byte[][] blocks)
    {
        var decoder = new HpackDecoder();
        var result = "";
        foreach (var block in blocks)
        {
            result = Next(decoder, kind, block);
        }

        return result;
    }

    /// <summary>Decodes one block; for <paramref name="kind"/> and the result see <see cref="Of"/>.</summary>
    public static string Next(HpackDecoder decoder, char kind, ReadOnlySpan<byte> block)
    {
        var text = new byte[64 * 1024];
        int length;
        var status = kind switch
        {
            'Q' => decoder.DecodeRequest(block, text, out length, out _),
            'A' => decoder.DecodeResponse(block, text, out length),
            _ => decoder.DecodeTrailers(block, text, out length),
        };
        return status == FieldBlockStatus.Ok
            ? Encoding.Latin1.GetString(text, 0, length).Replace("\r\n", "~", StringComparison.Ordinal)
            : $"{status}{(length == 0 ? "" : " with text")}";
    }
}
