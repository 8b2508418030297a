using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Banyan.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Banyan.Control.Api;

/// <summary>Writes answers: documents, and problems in the form of RFC 9457.</summary>
internal static class Reply
{
    private const string ProblemType = "application/problem+json";

    /// <summary>A document.</summary>
    public static async Task JsonAsync<T>(HttpContext context, T document, JsonTypeInfo<T> type)
    {
        context.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(context.Response.Body, document, type, context.RequestAborted);
    }

    /// <summary>A document that is JSON already.</summary>
    public static async Task JsonAsync(HttpContext context, ReadOnlyMemory<byte> document)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = document.Length;
        await context.Response.Body.WriteAsync(document, context.RequestAborted);
    }

    /// <summary>Done, nothing to say.</summary>
    public static Task NothingAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>An error with what to do about it.</summary>
    public static async Task ProblemAsync(
        HttpContext context, int status, string detail, IEnumerable<Problem>? problems = null)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = ProblemType;
        var document = new ProblemDocument(
            "about:blank",
            ReasonPhrases.GetReasonPhrase(status),
            status,
            detail,
            problems?.Select(ProblemEntry.Of).ToList());
        await JsonSerializer.SerializeAsync(
            context.Response.Body, document, ApiJson.Default.ProblemDocument, context.RequestAborted);
    }
}
