namespace Banyan.Model;

/// <summary>One match of one rule, with what decides its place.</summary>
internal sealed record OrderedMatch(ResolvedRoute Route, int RuleIndex, int MatchIndex, HttpRouteMatch Match)
{
    public ResolvedRule Rule => Route.Rules[RuleIndex];
}

/// <summary>The Gateway API's precedence among all matches of a service port.</summary>
/// <remarks>
/// Exact path, then regular expression, then prefix, longer first; then method, number of header fields, number of query
/// parameters; then the oldest route, its name, and the order in the route. The place of regular expressions is left to
/// implementations: before prefixes, because behind them a rule for "/" would hide every one.
/// </remarks>
internal sealed class MatchOrder : IComparer<OrderedMatch>
{
    public static readonly MatchOrder Instance = new();

    /// <summary>All matches of these routes, best first.</summary>
    public static List<OrderedMatch> Of(List<ResolvedRoute> routes)
    {
        var matches = new List<OrderedMatch>();
        foreach (var route in routes)
        {
            for (var r = 0; r < route.Rules.Length; r++)
            {
                var rule = route.Rules[r].Rule;
                for (var m = 0; m < Math.Max(rule.Matches.Count, 1); m++)
                {
                    matches.Add(new OrderedMatch(route, r, m, rule.Matches.Count == 0 ? new HttpRouteMatch() : rule.Matches[m]));
                }
            }
        }

        matches.Sort(Instance);
        return matches;
    }

    public int Compare(OrderedMatch? x, OrderedMatch? y)
    {
        var (a, b) = (x!.Match, y!.Match);
        var order = Rank(a.Path).CompareTo(Rank(b.Path));
        order = order != 0 ? order : PathLength(b.Path).CompareTo(PathLength(a.Path));
        order = order != 0 ? order : (b.Method.Length > 0).CompareTo(a.Method.Length > 0);
        order = order != 0 ? order : b.Headers.Count.CompareTo(a.Headers.Count);
        order = order != 0 ? order : b.QueryParams.Count.CompareTo(a.QueryParams.Count);
        order = order != 0 ? order : Age.Compare(x.Route.Route.Metadata, y.Route.Route.Metadata);
        order = order != 0 ? order : x.RuleIndex.CompareTo(y.RuleIndex);
        return order != 0 ? order : x.MatchIndex.CompareTo(y.MatchIndex);
    }

    private static int Rank(HttpPathMatch path) => path.Type switch
    {
        PathMatchType.Exact => 0,
        PathMatchType.RegularExpression => 1,
        _ => 2,
    };

    // "/a" and "/a/" are the same prefix.
    private static int PathLength(HttpPathMatch path) =>
        path.Type == PathMatchType.PathPrefix ? path.Value.AsSpan().TrimEnd('/').Length : path.Value.Length;
}
