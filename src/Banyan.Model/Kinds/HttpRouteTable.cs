using Banyan.Model.Text;
using Banyan.Rules;

namespace Banyan.Model;

/// <summary>
/// Fields of an HTTPRoute; bounds are those of the Gateway API's own definition, so that the same file works in a
/// cluster.
/// </summary>
internal static class HttpRouteTable
{
    private static readonly TextShape Group = new() { Check = Names.CheckSubdomain, Pattern = Names.SubdomainPattern, MaxLength = 253 };

    private static readonly TextShape KindName = new() { MinLength = 1, MaxLength = 63 };

    private static readonly TextShape ObjectName = new() { MinLength = 1, MaxLength = 253, Check = Names.CheckSubdomain, Pattern = Names.SubdomainPattern };

    private static readonly TextShape Method = new()
    {
        Check = static text => HttpRouteRules.Methods.Contains(text, StringComparer.Ordinal)
            ? null
            : $"{Quote.Text(text)} is not one of {string.Join(", ", HttpRouteRules.Methods)}{Suggestion.Hint(text, HttpRouteRules.Methods)}",
        Pattern = $"^({string.Join('|', HttpRouteRules.Methods)})$",
    };

    private static readonly TextShape HeaderName = new() { MinLength = 1, MaxLength = 256, Check = HttpRouteRules.CheckToken, Pattern = "^[A-Za-z0-9!#$%&'*+\\-.^_`|~]+$" };

    private static readonly TextShape ChangedHeaderName = new() { MinLength = 1, MaxLength = 256, Check = HttpRouteRules.CheckChangedHeader, Pattern = "^[A-Za-z0-9!#$%&'*+\\-.^_`|~]+$" };

    private static readonly TextShape HeaderValue = new() { MinLength = 1, MaxLength = 4096, Check = HttpRouteRules.CheckFieldValue };

    private static readonly TextShape Hostname = new()
    {
        MinLength = 1,
        MaxLength = 253,
        Check = static text => Names.CheckSubdomain(text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text) is null
            ? null
            : $"{Quote.Text(text)} is not a host name",
    };

    public static readonly ObjectShape<ParentReference> Parent = new(
        new Field<ParentReference, string>(
            "group", Group, p => p.Group, (p, v) => p with { Group = v }, "Group of the parent; \"\" for a Service."),
        new Field<ParentReference, string>(
            "kind", KindName, p => p.Kind, (p, v) => p with { Kind = v }, "Kind of the parent: Service in the mesh."),
        new Field<ParentReference, string>(
            "namespace",
            SharedShapes.RequiredLabel,
            p => p.Namespace,
            (p, v) => p with { Namespace = v },
            "Namespace of the parent; the route's when absent."),
        new Field<ParentReference, string>("name", ObjectName, p => p.Name, (p, v) => p with { Name = v }, "Name of the parent.") { Required = true },
        new Field<ParentReference, string>(
            "sectionName",
            SharedShapes.Subdomain,
            p => p.SectionName,
            (p, v) => p with { SectionName = v },
            "Name of a port of the Service."),
        new Field<ParentReference, int>("port", SharedShapes.Port, p => p.Port, (p, v) => p with { Port = v }, "Port of the Service; every port when absent."))
    {
        Check = static (value, map, reading) =>
        {
            // The most frequent slip of those who move a route from a gateway to the mesh.
            if (map.Find("kind") is ScalarNode { Text: nameof(Service) } kind && !map.Entries.Any(e => e.Key.Text == "group"))
            {
                reading.Add(kind, "group", "is required with kind: Service; write group: \"\"");
            }
        },
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

    private static readonly EnumShape<ValueMatchType> ValueMatch =
        new(("Exact", ValueMatchType.Exact), ("RegularExpression", ValueMatchType.RegularExpression));

    private static readonly ObjectShape<HttpRouteMatch> Match = new(
        new Field<HttpRouteMatch, HttpPathMatch>(
            "path", Path, m => m.Path, (m, v) => m with { Path = v }, "The path of the request."),
        new Field<HttpRouteMatch, EquatableList<HttpValueMatch>>(
            "headers",
            Values(HeaderName, 4096),
            m => m.Headers,
            (m, v) => m with { Headers = v },
            "Header fields, all of which must match."),
        new Field<HttpRouteMatch, EquatableList<HttpValueMatch>>(
            "queryParams",
            Values(HeaderName, 1024),
            m => m.QueryParams,
            (m, v) => m with { QueryParams = v },
            "Query parameters, all of which must match."),
        new Field<HttpRouteMatch, string>("method", Method, m => m.Method, (m, v) => m with { Method = v }, "The method of the request."));

    private static readonly ObjectShape<HttpHeader> Header = new(
        new Field<HttpHeader, string>("name", ChangedHeaderName, h => h.Name, (h, v) => h with { Name = v }, "Name of the field.") { Required = true },
        new Field<HttpHeader, string>("value", HeaderValue, h => h.Value, (h, v) => h with { Value = v }, "Its value.") { Required = true });

    private static readonly ObjectShape<HttpHeaderModifier> Modifier = new(
        new Field<HttpHeaderModifier, EquatableList<HttpHeader>>(
            "set", Headers(), m => m.Set, (m, v) => m with { Set = v }, "Fields to replace."),
        new Field<HttpHeaderModifier, EquatableList<HttpHeader>>(
            "add", Headers(), m => m.Add, (m, v) => m with { Add = v }, "Fields to add."),
        new Field<HttpHeaderModifier, EquatableList<string>>(
            "remove",
            new ListShape<string>(ChangedHeaderName) { Max = 16, Key = n => n.ToLowerInvariant() },
            m => m.Remove,
            (m, v) => m with { Remove = v },
            "Names of fields to remove."));

    private static readonly ObjectShape<HttpRouteFilter> Filter = new(
        new Field<HttpRouteFilter, HttpFilterType>(
            "type",
            new EnumShape<HttpFilterType>(HttpRouteRules.FilterTypes),
            f => f.Type,
            (f, v) => f with { Type = v },
            "What the filter does.") { Required = true },
        new Field<HttpRouteFilter, HttpHeaderModifier>(
            "requestHeaderModifier",
            Modifier,
            f => f.RequestHeaderModifier,
            (f, v) => f with { RequestHeaderModifier = v },
            "Changes to the request's header."),
        new Field<HttpRouteFilter, HttpHeaderModifier>(
            "responseHeaderModifier",
            Modifier,
            f => f.ResponseHeaderModifier,
            (f, v) => f with { ResponseHeaderModifier = v },
            "Changes to the response's header."),
        Other("requestMirror", HttpFilterType.RequestMirror),
        Other("requestRedirect", HttpFilterType.RequestRedirect),
        Other("urlRewrite", HttpFilterType.UrlRewrite),
        Other("cors", HttpFilterType.Cors),
        Other("externalAuth", HttpFilterType.ExternalAuth),
        Other("extensionRef", HttpFilterType.ExtensionRef))
    {
        Check = HttpRouteRules.CheckFilter,
    };

    private static readonly ListShape<HttpRouteFilter> Filters = new(Filter)
    {
        Max = 16,
        Key = f => f.Type is HttpFilterType.RequestMirror or HttpFilterType.ExtensionRef ? null : HttpRouteRules.FilterTypes.First(t => t.Value == f.Type).Word,
        KeyField = "type",
    };

    private static readonly ObjectShape<HttpBackendReference> Backend = new(
        new Field<HttpBackendReference, string>(
            "group", Group, b => b.Group, (b, v) => b with { Group = v }, "Group of the backend; \"\" for a Service."),
        new Field<HttpBackendReference, string>(
            "kind", KindName, b => b.Kind, (b, v) => b with { Kind = v }, "Kind of the backend."),
        new Field<HttpBackendReference, string>(
            "namespace",
            SharedShapes.RequiredLabel,
            b => b.Namespace,
            (b, v) => b with { Namespace = v },
            "Namespace of the backend; the route's when absent."),
        new Field<HttpBackendReference, string>("name", ObjectName, b => b.Name, (b, v) => b with { Name = v }, "Name of the backend.") { Required = true },
        new Field<HttpBackendReference, int>(
            "port", SharedShapes.Port, b => b.Port, (b, v) => b with { Port = v }, "Port of the Service."),
        new Field<HttpBackendReference, int>(
            "weight",
            new IntegerShape(0, 1_000_000),
            b => b.Weight,
            (b, v) => b with { Weight = v },
            "Its share, relative to the others; 0 = nothing."),
        new Field<HttpBackendReference, EquatableList<HttpRouteFilter>>("filters", Filters, b => b.Filters, (b, v) => b with { Filters = v }, "Filters for requests to this backend."))
    {
        Check = static (value, map, reading) =>
        {
            if (value.IsService && !map.Has("port"))
            {
                reading.Add(map, "port", "is required for a Service");
            }
        },
    };

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
            new ListShape<HttpBackendReference>(Backend) { Max = 16 },
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
            new ListShape<ParentReference>(Parent) { Max = 32, Key = HttpRouteRules.ParentKey },
            s => s.ParentRefs,
            (s, v) => s with { ParentRefs = v },
            "What the route is attached to."),
        new Field<HttpRouteSpec, EquatableList<string>>(
            "hostnames",
            new ListShape<string>(Hostname) { Max = 16 },
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

    private static ListShape<HttpHeader> Headers() =>
        new(Header) { Max = 16, Key = h => h.Name.Length == 0 ? null : h.Name.ToLowerInvariant(), KeyField = "name" };

    private static ListShape<HttpValueMatch> Values(TextShape name, int maxLength) =>
        new(new ObjectShape<HttpValueMatch>(
        new Field<HttpValueMatch, ValueMatchType>(
            "type", ValueMatch, v => v.Type, (v, t) => v with { Type = t }, "How the value is compared."),
        new Field<HttpValueMatch, string>("name", name, v => v.Name, (v, t) => v with { Name = t }, "Its name.") { Required = true },
        new Field<HttpValueMatch, string>("value", new TextShape { MinLength = 1, MaxLength = maxLength }, v => v.Value, (v, t) => v with { Value = t }, "The value or regular expression.") { Required = true })
    {
        Check = HttpRouteRules.CheckValueMatch,
    })
    {
        Max = 16,
        Key = v => v.Name.Length == 0 ? null : v.Name,
        KeyField = "name",
    };

    private static Field<HttpRouteFilter, RawValue> Other(string name, HttpFilterType type) => new(
        name,
        SharedShapes.Raw,
        f => f.Type == type ? f.Other : null,
        (f, v) => f with { Other = v },
        "Read, but not supported by this version.");
}
