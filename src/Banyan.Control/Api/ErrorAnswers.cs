using Banyan.Control.Store.Persistence;
using Banyan.Model;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Api;

/// <summary>Turns whatever goes wrong, or is answered without a body, into a problem document.</summary>
internal static class ErrorAnswers
{
    /// <summary>Calls on, and answers when that failed.</summary>
    public static async Task InvokeAsync(HttpContext context, RequestDelegate next, ILogger log)
    {
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException exception)
        {
            // What is read here of a request is its body.
            await AnswerAsync(
                context, exception.StatusCode, exception.Message, [new Problem("", 0, 0, "body", exception.Message)]);
            return;
        }
        catch (BadParameterException exception)
        {
            await AnswerAsync(context, StatusCodes.Status400BadRequest, exception.Message, [exception.Problem]);
            return;
        }
        catch (StoreFailedException exception)
        {
            Log.NotStored(log, context.Request.Method, context.Request.Path.Value ?? "", exception.Message);
            var detail = HttpMethods.IsGet(context.Request.Method)
                ? exception.Message
                : $"nothing was stored: {exception.Message}";
            await AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, detail);
            return;
        }
        catch (RevisionConflictException exception)
        {
            await AnswerAsync(context, StatusCodes.Status409Conflict, $"nothing was stored: {exception.Message}");
            return;
        }
        catch (Exception exception) when (exception is OperationCanceledException or ConnectionResetException
            && context.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone.
            return;
        }
        catch (OperationCanceledException)
        {
            await AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, "the control plane is stopping");
            return;
        }
        catch (Exception exception)
        {
            Log.RequestFailed(log, context.Request.Method, context.Request.Path.Value ?? "", exception);
            await AnswerAsync(
                context, StatusCodes.Status500InternalServerError, "an error of the control plane; its log says more");
            return;
        }

        var status = context.Response.StatusCode;
        if (status >= 400 && !context.Response.HasStarted && context.Response.ContentType is null)
        {
            await AnswerAsync(context, status, status switch
            {
                StatusCodes.Status404NotFound => $"there is nothing at {context.Request.Path}",
                StatusCodes.Status405MethodNotAllowed =>
                    $"{context.Request.Method} is not possible here; allowed: {context.Response.Headers.Allow}",
                _ => "the request cannot be answered",
            });
        }
    }

    private static async Task AnswerAsync(
        HttpContext context, int status, string detail, IEnumerable<Problem>? problems = null)
    {
        if (!context.Response.HasStarted)
        {
            await Reply.ProblemAsync(context, status, detail, problems);
        }
    }
}
