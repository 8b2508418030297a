using Banyan.Xds;

namespace Banyan.Model;

/// <summary>Which TLSRoute of a port has which server name: of several the oldest.</summary>
internal static class ServerNames
{
    // Stands for a route without names, which takes what the others leave.
    private const string Every = "*";

    /// <summary>Each route with the names that are its own, oldest first; those left without a name are left out.</summary>
    public static IEnumerable<(ResolvedRoute Route, string[] Names)> Owned(List<ResolvedRoute> routes)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var route in routes)
        {
            string[] names = [.. Of(route.Form).Where(taken.Add)];
            if (names.Length > 0)
            {
                yield return (route, names);
            }
        }
    }

    /// <summary>Why a younger route gets nothing of the port; null when it gets something. Tells what it does not get.</summary>
    public static string? Conflict(ResolvedPort port, List<ResolvedRoute> older, RouteForm form, StatusBook book)
    {
        var problems = new List<string>();
        var names = Of(form).Distinct(StringComparer.Ordinal).ToArray();
        foreach (var name in names)
        {
            if (older.Find(route => Of(route.Form).Contains(name, StringComparer.Ordinal)) is { } owner)
            {
                var meta = owner.Form.Item.Metadata;
                var what = name == Every ? "connections without a name of their own" : name;
                problems.Add($"port {port.Port} has the TLSRoute {meta.Namespace}/{meta.Name} for {what}, which is older");
            }
        }

        if (problems.Count == names.Length)
        {
            return problems[0];
        }

        foreach (var problem in problems)
        {
            book.Warn(form.Item, "spec.hostnames", problem);
        }

        return null;
    }

    /// <summary>The condition of a filter chain for these names.</summary>
    public static FilterChainMatch Match(string[] names)
    {
        var match = new FilterChainMatch { TransportProtocol = "tls" };
        match.ServerNames.AddRange(names.Where(name => name != Every));
        return match;
    }

    private static IEnumerable<string> Of(RouteForm form) => form.Hostnames.Count == 0 ? [Every] : form.Hostnames;
}
