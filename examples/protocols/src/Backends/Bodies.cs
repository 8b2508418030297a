using System.Security.Cryptography;

namespace Banyan.Examples.Protocols.Backends;

/// <summary>Bodies and what their senders say of them.</summary>
internal static class Bodies
{
    /// <summary>Name of the field, or trailer field, with the SHA-256 of a body.</summary>
    public const string Checksum = "x-sha256";

    /// <summary>Name of the trailer field with a receipt, and of the field in which it comes back.</summary>
    public const string Receipt = "x-receipt";

    /// <summary>Reads a body to its end.</summary>
    /// <returns>Its SHA-256 in lower hexadecimal.</returns>
    public static async Task<string> HashAsync(HttpRequest request)
    {
        var hash = await SHA256.HashDataAsync(request.Body, request.HttpContext.RequestAborted);
        return Convert.ToHexStringLower(hash);
    }

    /// <summary>The checksum behind a body that was read to its end; nothing when no such trailer came.</summary>
    public static string? Trailer(HttpRequest request) =>
        request.CheckTrailersAvailable() ? (string?)request.GetTrailer(Checksum) : null;

    /// <summary>Answers in HTTP/1.1 with a receipt behind the body.</summary>
    /// <remarks>Kestrel writes no trailers in HTTP/1.1; who names the coding writes the chunks himself.</remarks>
    public static Task AnswerInChunksAsync(HttpResponse response, string receipt)
    {
        response.Headers.TransferEncoding = "chunked";
        response.Headers.Trailer = Receipt;
        return response.WriteAsync($"4\r\nread\r\n0\r\n{Receipt}: {receipt}\r\n\r\n");
    }
}
