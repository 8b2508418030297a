using Banyan.Control.Reports;
using Banyan.Control.Store;
using Banyan.Model;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>GET /api/v1/authorization/suggestion: policies that allow what was seen, and no more.</summary>
internal sealed class SuggestionEndpoint(EdgeStore edges, ConfigStore store, TimeProvider time)
{
    private const long UsuallyRare = 10;

    /// <summary>The policies, and what is to be known before they are applied.</summary>
    /// <exception cref="BadParameterException">A parameter cannot be read, or there is no such service.</exception>
    public Task GetAsync(HttpContext context)
    {
        var now = time.GetUtcNow();
        var since = now - QueryValues.Since(context);
        var detail = QueryValues.Text(context, "detail") switch
        {
            "identities" => SuggestionDetail.Identities,
            null or "methods" => SuggestionDetail.Methods,
            "paths" => SuggestionDetail.Paths,
            _ => throw new BadParameterException("detail", "is identities, methods or paths"),
        };
        var (service, scope) = (QueryValues.Text(context, "service"), QueryValues.Text(context, "namespace"));
        var (audit, rare) = (QueryValues.Flag(context, "audit"), QueryValues.Number(context, "rare", 0, long.MaxValue));
        var objects = store.View.Objects.Values.Select(each => each.Written).ToList();
        var matrix = edges.ReadHours(since);
        var seen = SeenCalls.Of(matrix, since, RoutePaths.Of(objects));
        var order = new SuggestionOrder(
            Window(matrix, since, now), service ?? "", scope ?? "", detail, audit, rare ?? UsuallyRare);
        var suggestion = PolicySuggester.Suggest(objects, seen.Calls, seen.Folded, order)
            ?? throw new BadParameterException(
                service is null ? "namespace" : "service",
                $"\"{service ?? scope}\" has no workload with a port behind it");
        return Reply.JsonAsync(context, suggestion, ApiJson.Default.SuggestedPolicies);
    }

    /// <summary>The hours of which there are reports.</summary>
    private static SuggestionWindow Window(
        IReadOnlyDictionary<EdgeIdentity, EdgeSum> edges, DateTimeOffset since, DateTimeOffset now)
    {
        var from = since.ToUnixTimeMilliseconds();
        var counted = edges.Where(each => each.Value.LastSeen >= from).ToList();
        var hours = counted.Select(each => each.Key.Hour).Distinct().Order().ToList();
        if (hours.Count == 0)
        {
            return new SuggestionWindow(since, now, null, null, 0, 0, []);
        }

        var gaps = hours.Zip(hours.Skip(1)).Where(each => each.Second > each.First + 1)
            .Select(each => new SuggestionGap(Begin(each.First + 1), Begin(each.Second)));
        return new SuggestionWindow(
            since,
            now,
            DateTimeOffset.FromUnixTimeMilliseconds(Math.Max(from, counted.Min(each => each.Value.FirstSeen))),
            DateTimeOffset.FromUnixTimeMilliseconds(counted.Max(each => each.Value.LastSeen)),
            hours.Count,
            hours.Select(each => each / 24).Distinct().Count(),
            [.. gaps]);
    }

    private static DateTimeOffset Begin(long hour) =>
        DateTimeOffset.FromUnixTimeMilliseconds(hour * EdgeIdentity.HourMs);
}
