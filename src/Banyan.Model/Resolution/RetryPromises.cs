namespace Banyan.Model;

/// <summary>What of a rule's <c>retry</c> can be kept. Sending twice must not have its effect twice.</summary>
internal static class RetryPromises
{
    /// <summary>
    /// Answers that come from what stands before the application, or from its fall, more than from the request.
    /// </summary>
    public static readonly int[] Codes = [500, 502, 503, 504];

    private static readonly string[] OnceOnly = ["POST", "PATCH", "CONNECT"];

    /// <summary>
    /// Whether requests of that method may be sent again; empty = any method, of which the proxy decides.
    /// </summary>
    public static bool MayRepeat(string method) => !OnceOnly.Contains(method, StringComparer.Ordinal);

    /// <summary>Adds to <paramref name="book"/> what of the route's retries has no effect.</summary>
    /// <returns>The route's condition; null when no rule has <c>retry</c>.</returns>
    public static Condition? Judge(HttpRoute route, StatusBook book)
    {
        Condition? first = null;
        foreach (var (r, rule) in route.Spec.Rules.Index())
        {
            if (rule.Retry is not { } retry)
            {
                continue;
            }

            first ??= Kept(route);
            var methods = rule.Matches.Select(match => match.Method).Where(method => !MayRepeat(method));
            foreach (var method in methods.Distinct(StringComparer.Ordinal))
            {
                Broken($"spec.rules[{r}].retry", "MethodNotIdempotent",
                    $"does not apply to {method}: sent twice, a request may have its effect twice");
            }

            foreach (var (c, code) in retry.Codes.Index().Where(each => !Codes.Contains(each.Item)))
            {
                Broken($"spec.rules[{r}].retry.codes[{c}]", "UnsupportedValue",
                    $"{code} is passed on: only 500, 502, 503 and 504 are asked for again");
            }
        }

        return first;

        void Broken(string field, string reason, string message)
        {
            book.Warn(route, field, message);
            if (first!.IsTrue)
            {
                first = first with { IsTrue = false, Reason = reason, Message = $"{field} {message}" };
            }
        }
    }

    private static Condition Kept(HttpRoute route) =>
        new("RetryApplied", IsTrue: true, "RetryApplied", "", route.Metadata.Generation);
}
