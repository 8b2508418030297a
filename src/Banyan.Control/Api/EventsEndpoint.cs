using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Banyan.Control.Events;
using Banyan.Control.Store.Persistence;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>GET /api/v1/events: every revision as it is made, as server-sent events.</summary>
internal sealed class EventsEndpoint(EventFeed feed, TimeProvider time, CancellationToken stopping)
{
    /// <summary>After so much silence a comment is sent, lest the connection be taken for dead.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    /// <summary>Sends events until the listener leaves; after the revision that he saw last, if he says so.</summary>
    public async Task ListenAsync(HttpContext context)
    {
        var after = Number(context);
        if (feed.Listen() is not { } reader)
        {
            context.Response.Headers.RetryAfter = "5";
            await Reply.ProblemAsync(context, StatusCodes.Status429TooManyRequests,
                $"more than {EventFeed.MostListeners} listen already");
            return;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers.CacheControl = "no-store";
            await WriteAsync(context, "retry: 1000\n\n", either.Token);
            await SendAsync(context, reader, after, either.Token);
        }
        catch (OperationCanceledException)
        {
            // The listener, or the control plane, goes.
        }
        finally
        {
            feed.Leave(reader);
        }
    }

    private async Task SendAsync(
        HttpContext context, ChannelReader<Revision> reader, long? after, CancellationToken cancel)
    {
        var last = after ?? 0;
        for (var more = after is not null; more;)
        {
            var page = await feed.AfterAsync(last);
            more = page.Count > 0;
            foreach (var revision in page)
            {
                last = await SendAsync(context, revision, cancel);
            }
        }

        while (true)
        {
            var next = reader.WaitToReadAsync(cancel).AsTask();
            try
            {
                if (!await next.WaitAsync(Silence, time, cancel))
                {
                    return;
                }
            }
            catch (TimeoutException)
            {
                await WriteAsync(context, ":\n\n", cancel);
                continue;
            }

            while (reader.TryRead(out var revision))
            {
                // What was told while the past was read is not told twice.
                last = revision.Entry.Revision > last ? await SendAsync(context, revision, cancel) : last;
            }
        }
    }

    private static async Task<long> SendAsync(HttpContext context, Revision revision, CancellationToken cancel)
    {
        var number = revision.Entry.Revision;
        var data = JsonSerializer.Serialize(HistoryEndpoint.Entry(revision), ApiJson.Default.HistoryEntry);
        await WriteAsync(context, $"id: {number}\nevent: change\ndata: {data}\n\n", cancel);
        return number;
    }

    private static async Task WriteAsync(HttpContext context, string text, CancellationToken cancel)
    {
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), cancel);
        await context.Response.Body.FlushAsync(cancel);
    }

    private static long? Number(HttpContext context)
    {
        const string Header = "Last-Event-ID";
        var text = context.Request.Headers[Header].ToString();
        if (text.Length == 0)
        {
            return QueryValues.Number(context, "after", 0, long.MaxValue);
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new BadParameterException(Header, "is the number of a revision");
    }
}
