namespace Banyan.Model;

/// <summary>One match of one rule, with what decides its place.</summary>
internal sealed record OrderedMatch(ResolvedRoute Route, int RuleIndex, int MatchIndex)
{
    public ResolvedRule Rule => Route.Rules[RuleIndex];

    public HttpRouteMatch Match => Ranked.Match;

    public RankedMatch Ranked => Rule.Matches[MatchIndex];
}

/// <summary>
/// The Gateway API's precedence among all matches of a service port: what they ask for, then the oldest route, its
/// name, and the order in the route.
/// </summary>
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
                for (var m = 0; m < route.Rules[r].Matches.Length; m++)
                {
                    matches.Add(new OrderedMatch(route, r, m));
                }
            }
        }

        matches.Sort(Instance);
        return matches;
    }

    public int Compare(OrderedMatch? x, OrderedMatch? y)
    {
        var order = x!.Ranked.Before(y!.Ranked);
        order = order != 0 ? order : Age.Compare(x.Route.Form.Item.Metadata, y.Route.Form.Item.Metadata);
        order = order != 0 ? order : x.RuleIndex.CompareTo(y.RuleIndex);
        return order != 0 ? order : x.MatchIndex.CompareTo(y.MatchIndex);
    }
}
