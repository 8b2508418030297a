namespace Banyan.Model;

/// <summary>An HTTPRoute whose references are bound.</summary>
/// <param name="Route">The object.</param>
/// <param name="Rules">Its rules, in order.</param>
internal sealed record ResolvedRoute(HttpRoute Route, ResolvedRule[] Rules)
{
    /// <summary>All that its translation depends on: what was written, and what each reference was bound to.</summary>
    public IEnumerable<object?> Inputs =>
        Rules.SelectMany(rule => rule.Backends).Select(backend => (object?)backend.Cluster).Prepend(Route);
}

/// <param name="Name"><c>NS/ROUTE/RULE</c>.</param>
/// <param name="Rule">What the user wrote.</param>
/// <param name="Backends">Empty: the parent itself.</param>
internal sealed record ResolvedRule(string Name, HttpRouteRule Rule, ResolvedBackend[] Backends);

/// <param name="Reference">What the user wrote.</param>
/// <param name="Cluster">Name of its cluster; null when the reference does not hold.</param>
internal sealed record ResolvedBackend(HttpBackendReference Reference, string? Cluster);
