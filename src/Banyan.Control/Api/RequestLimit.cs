using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>Bounds how many requests are answered at once, so that no caller starves the others. Thread-safe.</summary>
/// <remarks>Lengths of bodies are bounded in <see cref="RequestBody"/>, listeners of events in their feed.</remarks>
internal sealed class RequestLimit(int most)
{
    private int _now;

    /// <summary>Calls on, or answers 429 with when to come again.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Path.Equals("/api/v1/events", StringComparison.Ordinal))
        {
            await next(context);
            return;
        }

        try
        {
            if (Interlocked.Increment(ref _now) > most)
            {
                context.Response.Headers.RetryAfter = "1";
                await Reply.ProblemAsync(
                    context, StatusCodes.Status429TooManyRequests, $"more than {most} requests at once");
                return;
            }

            await next(context);
        }
        finally
        {
            Interlocked.Decrement(ref _now);
        }
    }
}
