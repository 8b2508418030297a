namespace Banyan.Model;

/// <summary>
/// A match with what decides its place among the others of its kind: the numbers, the first that differs.
/// </summary>
/// <remarks>
/// HTTPRoute: exact path, then regular expression, then prefix, longer first; then method, number of header fields,
/// number of query parameters. GRPCRoute: exact before regular expression before neither; then characters of the
/// service, of the method, header fields. The place of regular expressions is left to implementations: before prefixes,
/// because behind them a rule for "/" would hide every one.
/// </remarks>
internal sealed class RankedMatch
{
    private readonly (int Type, int Length, int Method, int Headers, int Query) _rank;

    public RankedMatch(HttpRouteMatch match)
    {
        Match = match;
        _rank = (
            Rank(match.Path),
            -PathLength(match.Path),
            match.Method.Length > 0 ? -1 : 0,
            -match.Headers.Count,
            -match.QueryParams.Count);
    }

    public RankedMatch(GrpcRouteMatch match)
    {
        Match = new HttpRouteMatch { Path = GrpcRouteRules.PathOf(match.Method), Headers = match.Headers };
        _rank = match.Method is { } method
            ? (
                method.Type == ValueMatchType.Exact ? 0 : 1,
                -method.Service.Length,
                -method.Method.Length,
                -match.Headers.Count,
                0)
            : (2, 0, 0, -match.Headers.Count, 0);
    }

    public HttpRouteMatch Match { get; }

    /// <summary>Negative when this one goes before the other; 0 when other things decide.</summary>
    public int Before(RankedMatch other) => _rank.CompareTo(other._rank);

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
