namespace Banyan.Model;

/// <summary>Which paths the requests have that took a route's rule. Pure.</summary>
public static class RoutePaths
{
    /// <summary>The paths by name of the rule, <c>NS/ROUTE/RULE</c>, as routes are now; rules that take paths of other forms, or any, are absent.</summary>
    /// <param name="objects">All objects of the mesh.</param>
    public static IReadOnlyDictionary<string, EquatableList<PathTemplate>> Of(IEnumerable<MeshObject> objects)
    {
        var resolved = ResolvedMesh.Of(objects);
        var found = new Dictionary<string, EquatableList<PathTemplate>>(StringComparer.Ordinal);
        if (resolved.Spec.PathNormalization == PathNormalization.Off)
        {
            return found;
        }

        var routes = resolved.Routes.Attached.Values.SelectMany(each => each)
            .Concat(resolved.Routes.Consumers.Values.SelectMany(each => each.Values.SelectMany(routes => routes)));
        foreach (var rule in routes.Where(each => each.Form.Type is RouteType.Http or RouteType.Grpc).SelectMany(each => each.Rules))
        {
            // A filter of a sort that is not known here may change the path.
            if (rule.Rule.Filters.All(filter => filter.Other is null) && Array.TrueForAll(rule.Matches, IsTold))
            {
                found[rule.Name] = rule.Matches.Select(each => Template(each.Match.Path)).Distinct().ToEquatableList();
            }
        }

        return found;
    }

    private static bool IsTold(RankedMatch ranked)
    {
        var path = ranked.Match.Path;
        return path.Type != PathMatchType.RegularExpression
            && path.Value.Trim('/').Length > 0
            && !path.Value.EndsWith('*')
            && AuthorizationRules.CheckPath(path.Value) is null;
    }

    // "/a" and "/a/" are the same prefix.
    private static PathTemplate Template(HttpPathMatch path) => path.Type == PathMatchType.PathPrefix
        ? new PathTemplate(path.Value.TrimEnd('/'), IsPrefix: true)
        : new PathTemplate(path.Value, IsPrefix: false);
}
