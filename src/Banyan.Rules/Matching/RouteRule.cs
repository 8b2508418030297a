namespace Banyan.Rules.Matching;

/// <summary>A route with what it asks of a request.</summary>
internal sealed class RouteRule
{
    public required CompiledRoute Route { get; init; }

    public required PathPattern Path { get; init; }

    public required HeaderCondition[] Headers { get; init; }

    public required QueryCondition[] Query { get; init; }

    /// <summary>False for a runtime fraction of 0.</summary>
    public bool Enabled { get; init; } = true;

    public bool Matches(in RequestView request) => Path.Matches(request.Path) && MatchesRest(in request);

    private bool MatchesRest(in RequestView request)
    {
        foreach (var condition in Headers)
        {
            if (!condition.Matches(in request))
            {
                return false;
            }
        }

        foreach (var condition in Query)
        {
            if (!condition.Matches(request.Query))
            {
                return false;
            }
        }

        return true;
    }
}
