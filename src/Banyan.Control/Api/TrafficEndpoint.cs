using Banyan.Control.Telemetry;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>GET /api/v1/traffic.</summary>
internal sealed class TrafficEndpoint(TrafficScraper scraper, TimeProvider time)
{
    /// <summary>What the sidecars have counted, merged.</summary>
    public async Task GetAsync(HttpContext context)
    {
        var raw = QueryValues.Flag(context, "raw");
        var (merged, unreachable) = await scraper.ScrapeAsync(context.RequestAborted);
        await Reply.JsonAsync(
            context,
            new TrafficDocument(time.GetUtcNow(), merged.ToEdges(raw), unreachable),
            ApiJson.Default.TrafficDocument);
    }
}
