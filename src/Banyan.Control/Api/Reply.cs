using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Banyan.Control.Store;
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

    /// <summary>What became of an order over the API.</summary>
    public static Task OutcomeAsync(HttpContext context, ApiOutcome outcome, IReadOnlyList<string> warnings) =>
        outcome.Kind switch
        {
            ApiOutcomeKind.Invalid => InvalidAsync(context, outcome.Problems),
            ApiOutcomeKind.Owned or ApiOutcomeKind.Outdated or ApiOutcomeKind.CutsOff => ProblemAsync(
                context, StatusCodes.Status409Conflict, Summary(outcome.Problems), outcome.Problems),
            ApiOutcomeKind.Missing => ProblemAsync(
                context, StatusCodes.Status404NotFound, Summary(outcome.Problems), outcome.Problems),
            _ => JsonAsync(
                context,
                new ApplyResult([.. outcome.Changes.Select(ChangedObject.Of)], warnings),
                ApiJson.Default.ApplyResult),
        };

    /// <summary>Objects with mistakes.</summary>
    public static Task InvalidAsync(HttpContext context, IReadOnlyCollection<Problem> problems) =>
        ProblemAsync(context, StatusCodes.Status422UnprocessableEntity, Summary(problems), problems);

    /// <summary>A body that is not the JSON that was expected.</summary>
    public static Task NotJsonAsync(HttpContext context, string what, JsonException exception)
    {
        var field = (exception.Path ?? "$").TrimStart('$', '.');
        return ProblemAsync(
            context,
            StatusCodes.Status400BadRequest,
            $"not {what}: {exception.Message}",
            [new Problem(
                "",
                (int)(exception.LineNumber ?? 0) + 1,
                (int)(exception.BytePositionInLine ?? 0) + 1,
                field.Length > 0 ? field : "body",
                exception.Message)]);
    }

    /// <summary>An error about one part of the request: a parameter, a field of the head or of the body.</summary>
    public static Task ProblemAsync(HttpContext context, int status, string detail, string field) =>
        ProblemAsync(context, status, detail, [new Problem("", 0, 0, field, detail)]);

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

    private static string Summary(IReadOnlyCollection<Problem> problems) =>
        (problems.Count == 1 ? "" : $"{problems.Count} problems; the first: ") + problems.First().Message;
}
