using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>Rules between the fields of one Check.</summary>
internal static class CheckRules
{
    private static readonly string[] OfSidecars = ["metric", "labels"];
    private static readonly string[] OfApps = ["port", "path", "counter"];
    private static readonly string[] Bounds = ["equals", "atLeast", "atMost"];

    public static void Expectation(Expectation expectation, MapNode map, Reading reading)
    {
        Counter(map, reading);
        if (!Bounds.Any(map.Has) && !IsMisspelt(map, Bounds))
        {
            reading.Add(map, "needs one of equals, atLeast and atMost");
        }

        if (map.Has("equals") && Bounds[1..].FirstOrDefault(map.Has) is { } other)
        {
            reading.Add(map.Find(other)!, other, "says nothing beside equals");
        }

        if (expectation.AtLeast > expectation.AtMost)
        {
            reading.Add(map.Find("atMost")!, "atMost", "is less than atLeast: nothing is both");
        }
    }

    public static void Counter(MapNode map, Reading reading)
    {
        var (sidecar, app) = (map.Find("sidecar"), map.Find("app"));
        if (sidecar is not null && app is not null)
        {
            reading.Add(app, "app", "only one of sidecar and app; sidecar is given too");
        }
        else if (sidecar is not null)
        {
            Belong(map, "metric", OfApps, "app", reading);
        }
        else if (app is not null)
        {
            Belong(map, "counter", OfSidecars, "sidecar", reading);
        }
        else if (!IsMisspelt(map, ["sidecar", "app"]))
        {
            reading.Add(map, "needs sidecar or app: the Workload whose counters are read");
        }
    }

    private static void Belong(MapNode map, string needed, string[] strange, string owner, Reading reading)
    {
        foreach (var field in strange)
        {
            if (map.Find(field) is { } at)
            {
                reading.Add(at, field, $"belongs to {owner}");
            }
        }

        if (!map.Has(needed) && !IsMisspelt(map, [needed]))
        {
            reading.Add(map, needed, "is required");
        }
    }

    /// <summary>Whether a field that nobody knows was meant to be one of these, which has been told.</summary>
    private static bool IsMisspelt(MapNode map, string[] meant) => map.Entries.Any(entry =>
        !Known(entry.Key.Text) && Suggestion.Nearest(entry.Key.Text, meant) is not null);

    private static bool Known(string field) =>
        field is "sidecar" or "app" or "per"
        || OfSidecars.Contains(field, StringComparer.Ordinal)
        || OfApps.Contains(field, StringComparer.Ordinal)
        || Bounds.Contains(field, StringComparer.Ordinal);
}
