using System.Text;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>Reads the text of a request, within bounds.</summary>
/// <remarks>
/// The bound is kept here and not by the server: who sends more than Kestrel allows is disconnected in the middle of
/// sending, and most clients then report a broken pipe instead of the answer. Refused here, the answer leaves at once
/// and Kestrel reads on for as long as it does after every answer (5 s), so that the client comes to read it.
/// </remarks>
internal static class RequestBody
{
    /// <summary>The longest body, in bytes.</summary>
    public const int MaxLength = 8 * 1024 * 1024;

    private static readonly UTF8Encoding Strict = new(
        encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The whole body, without a byte order mark.</summary>
    /// <exception cref="BadHttpRequestException">413: it is longer; 400: it is not UTF-8.</exception>
    public static async Task<string> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength > MaxLength)
        {
            throw TooLong();
        }

        using var bytes = new MemoryStream((int)(context.Request.ContentLength ?? 0));
        while (true)
        {
            var result = await context.Request.BodyReader.ReadAsync(context.RequestAborted);
            if (bytes.Length + result.Buffer.Length > MaxLength)
            {
                context.Request.BodyReader.AdvanceTo(result.Buffer.End);
                throw TooLong();
            }

            foreach (var piece in result.Buffer)
            {
                bytes.Write(piece.Span);
            }

            context.Request.BodyReader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return Text(bytes);
            }
        }
    }

    private static string Text(MemoryStream bytes)
    {
        try
        {
            var text = Strict.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
            return text.StartsWith('\ufeff') ? text[1..] : text;
        }
        catch (DecoderFallbackException exception)
        {
            throw new BadHttpRequestException("the body is not UTF-8 text", exception);
        }
    }

    private static BadHttpRequestException TooLong() => new(
        $"the body is longer than {MaxLength / (1024 * 1024)} MiB", StatusCodes.Status413PayloadTooLarge);
}
