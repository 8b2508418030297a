using Banyan.Model.Text;
using Banyan.Rules;

namespace Banyan.Model;

/// <summary>
/// Fields of an HTTPRoute; bounds are those of the Gateway API's own definition, so that the same file works in a
/// cluster.
/// </summary>
internal static class HttpRouteTable
{
    private static readonly TextShape Method = new()
    {
        Check = static text => HttpRouteRules.Methods.Contains(text, StringComparer.Ordinal)
            ? null
            : $"{Quote.Text(text)} is not one of {string.Join(", ", HttpRouteRules.Methods)}{Suggestion.Hint(text, HttpRouteRules.Methods)}",
        Pattern = $"^({string.Join('|', HttpRouteRules.Methods)})$",
    };

    private static readonly ObjectShape<HttpPathMatch> Path = new(
        new Field<HttpPathMatch, PathMatchType>(
            "type",
            new EnumShape<PathMatchType>(
                ("Exact", PathMatchType.Exact),
                ("PathPrefix", PathMatchType.PathPrefix),
                ("RegularExpression", PathMatchType.RegularExpression)),
            p => p.Type,
            (p, v) => p with { Type = v },
            "How the path is compared."),
        new Field<HttpPathMatch, string>("value", new TextShape { MaxLength = 1024, MinLength = 1 }, p => p.Value, (p, v) => p with { Value = v }, "The path, prefix or regular expression."))
    {
        Check = HttpRouteRules.CheckPath,
    };

    private static readonly ObjectShape<HttpRouteMatch> Match = new(
        new Field<HttpRouteMatch, HttpPathMatch>(
            "path", Path, m => m.Path, (m, v) => m with { Path = v }, "The path of the request."),
        new Field<HttpRouteMatch, EquatableList<HttpValueMatch>>(
            "headers",
            RouteShapes.Values(4096),
            m => m.Headers,
            (m, v) => m with { Headers = v },
            "Header fields, all of which must match."),
        new Field<HttpRouteMatch, EquatableList<HttpValueMatch>>(
            "queryParams",
            RouteShapes.Values(1024),
            m => m.QueryParams,
            (m, v) => m with { QueryParams = v },
            "Query parameters, all of which must match."),
        new Field<HttpRouteMatch, string>("method", Method, m => m.Method, (m, v) => m with { Method = v }, "The method of the request."));

    private static readonly ListShape<HttpRouteFilter> Filters =
        FilterShapes.Of([.. HttpRouteRules.FilterTypes.Select(each => each.Value)]);

    private static readonly ObjectShape<HttpRouteTimeouts> Timeouts = new(
        new Field<HttpRouteTimeouts, TimeSpan?>(
            "request",
            SharedShapes.GatewayDuration,
            t => t.Request,
            (t, v) => t with { Request = v },
            "From the request's header to the whole response; 0s = none."),
        new Field<HttpRouteTimeouts, TimeSpan?>("backendRequest", SharedShapes.GatewayDuration, t => t.BackendRequest, (t, v) => t with { BackendRequest = v }, "One attempt at a backend; not longer than request."))
    {
        Check = static (value, map, reading) =>
        {
            if (value is { Request: { Ticks: > 0 } request, BackendRequest: { } backend } && backend > request)
            {
                reading.Add(
                    map.Find("backendRequest")!,
                    "backendRequest",
                    $"{DurationText.Format(backend)} is longer than request, {DurationText.Format(request)}");
            }
        },
    };

    private static readonly ObjectShape<HttpRouteRetry> Retry = new(
        new Field<HttpRouteRetry, EquatableList<int>>(
            "codes",
            new ListShape<int>(new IntegerShape(400, 599)) { Max = 64, Key = code => code.ToString() },
            r => r.Codes,
            (r, v) => r with { Codes = v },
            "Answers that are asked for again, of 500, 502, 503 and 504; 502, 503 and 504 when absent."),
        new Field<HttpRouteRetry, int?>(
            "attempts",
            new OptionalShape<int>(new IntegerShape(0, RouteLimits.Retries)),
            r => r.Attempts,
            (r, v) => r with { Attempts = v },
            "Attempts after the first; 2 when absent."),
        new Field<HttpRouteRetry, TimeSpan?>(
            "backoff",
            SharedShapes.GatewayDuration,
            r => r.Backoff,
            (r, v) => r with { Backoff = v },
            "The first pause between attempts; 25ms when absent."));

    private static readonly ObjectShape<HttpRouteRule> Rule = new(
        new Field<HttpRouteRule, string>(
            "name",
            SharedShapes.Subdomain,
            r => r.Name,
            (r, v) => r with { Name = v },
            "Name of the rule, unique in the route."),
        new Field<HttpRouteRule, EquatableList<HttpRouteMatch>>(
            "matches",
            new ListShape<HttpRouteMatch>(Match) { Max = 64 },
            r => r.Matches,
            (r, v) => r with { Matches = v },
            "Requests the rule is for: any of these; every request when absent."),
        new Field<HttpRouteRule, EquatableList<HttpRouteFilter>>(
            "filters", Filters, r => r.Filters, (r, v) => r with { Filters = v }, "Filters for requests of this rule."),
        new Field<HttpRouteRule, EquatableList<HttpBackendReference>>(
            "backendRefs",
            RouteShapes.Backends(Filters),
            r => r.BackendRefs,
            (r, v) => r with { BackendRefs = v },
            "Where requests go; the parent Service itself when absent."),
        new Field<HttpRouteRule, HttpRouteTimeouts>(
            "timeouts", Timeouts, r => r.Timeouts, (r, v) => r with { Timeouts = v }, "Time limits."),
        new Field<HttpRouteRule, HttpRouteRetry>(
            "retry", Retry, r => r.Retry, (r, v) => r with { Retry = v }, "When requests are sent again."),
        new Field<HttpRouteRule, RawValue>("sessionPersistence", SharedShapes.Raw, r => r.SessionPersistence, (r, v) => r with { SessionPersistence = v }, "Session persistence; no effect in this version."));

    private static readonly ObjectShape<HttpRouteSpec> Spec = new(
        new Field<HttpRouteSpec, EquatableList<ParentReference>>(
            "parentRefs",
            RouteShapes.Parents,
            s => s.ParentRefs,
            (s, v) => s with { ParentRefs = v },
            "What the route is attached to."),
        new Field<HttpRouteSpec, EquatableList<string>>(
            "hostnames",
            RouteShapes.Hostnames,
            s => s.Hostnames,
            (s, v) => s with { Hostnames = v },
            "Host names; only for gateways."),
        new Field<HttpRouteSpec, EquatableList<HttpRouteRule>>(
            "rules",
            new ListShape<HttpRouteRule>(Rule) { Min = 1, Max = 16, Key = r => r.Name.Length == 0 ? null : r.Name, KeyField = "name" },
            s => s.Rules,
            (s, v) => s with { Rules = v },
            "The rules; one that takes every request when absent."),
        new IgnoredField<HttpRouteSpec>("useDefaultGateways"))
    {
        Check = HttpRouteRules.CheckSpec,
    };

    public static readonly ObjectShape<HttpRoute> Shape = ObjectTable.Build<HttpRoute, HttpRouteSpec>(
        ObjectMetaTable.WithSubdomain, Spec, r => r.Spec, (r, v) => r with { Spec = v });
}
