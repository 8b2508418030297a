namespace Banyan.Model;

/// <summary>A route whose references are bound.</summary>
/// <param name="Form">The route.</param>
/// <param name="Rules">Its rules, in order.</param>
internal sealed record ResolvedRoute(RouteForm Form, ResolvedRule[] Rules)
{
    /// <summary>All that its translation depends on: what was written, and what each reference was bound to.</summary>
    public IEnumerable<object?> Inputs =>
        Rules.SelectMany(rule => rule.Backends).Select(backend => (object?)backend.Cluster).Prepend(Form.Item);
}

/// <param name="Name"><c>NS/ROUTE/RULE</c>.</param>
/// <param name="Rule">What the user wrote.</param>
/// <param name="Matches">What it is for.</param>
/// <param name="Backends">Empty: the parent itself.</param>
internal sealed record ResolvedRule(string Name, HttpRouteRule Rule, RankedMatch[] Matches, ResolvedBackend[] Backends);

/// <param name="Reference">What the user wrote.</param>
/// <param name="Cluster">Name of its cluster; null when the reference does not hold.</param>
internal sealed record ResolvedBackend(HttpBackendReference Reference, string? Cluster);
