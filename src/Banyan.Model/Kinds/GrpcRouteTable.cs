using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>Fields of a GRPCRoute; bounds are those of the Gateway API's own definition.</summary>
internal static class GrpcRouteTable
{
    private static readonly ListShape<HttpRouteFilter> Filters = FilterShapes.Of(
    [
        HttpFilterType.RequestHeaderModifier,
        HttpFilterType.ResponseHeaderModifier,
        HttpFilterType.RequestMirror,
        HttpFilterType.ExtensionRef,
    ]);

    private static readonly ObjectShape<GrpcMethodMatch> Method = new(
        new Field<GrpcMethodMatch, ValueMatchType>(
            "type",
            new EnumShape<ValueMatchType>(
                ("Exact", ValueMatchType.Exact), ("RegularExpression", ValueMatchType.RegularExpression)),
            m => m.Type,
            (m, v) => m with { Type = v },
            "How service and method are compared."),
        new Field<GrpcMethodMatch, string>(
            "service",
            new TextShape { MaxLength = 1024 },
            m => m.Service,
            (m, v) => m with { Service = v },
            "The service with its package, or a regular expression; any when absent."),
        new Field<GrpcMethodMatch, string>(
            "method",
            new TextShape { MaxLength = 1024 },
            m => m.Method,
            (m, v) => m with { Method = v },
            "The method, or a regular expression; any when absent."))
    {
        Check = GrpcRouteRules.CheckMethod,
    };

    private static readonly ObjectShape<GrpcRouteMatch> Match = new(
        new Field<GrpcRouteMatch, GrpcMethodMatch>(
            "method", Method, m => m.Method, (m, v) => m with { Method = v }, "Service and method of the call."),
        new Field<GrpcRouteMatch, EquatableList<HttpValueMatch>>(
            "headers",
            RouteShapes.Values(4096),
            m => m.Headers,
            (m, v) => m with { Headers = v },
            "Header fields (metadata), all of which must match."));

    private static readonly ObjectShape<GrpcRouteRule> Rule = new(
        new Field<GrpcRouteRule, string>(
            "name",
            SharedShapes.Subdomain,
            r => r.Name,
            (r, v) => r with { Name = v },
            "Name of the rule, unique in the route."),
        new Field<GrpcRouteRule, EquatableList<GrpcRouteMatch>>(
            "matches",
            new ListShape<GrpcRouteMatch>(Match) { Max = 64 },
            r => r.Matches,
            (r, v) => r with { Matches = v },
            "Calls the rule is for: any of these; every call when absent."),
        new Field<GrpcRouteRule, EquatableList<HttpRouteFilter>>(
            "filters", Filters, r => r.Filters, (r, v) => r with { Filters = v }, "Filters for calls of this rule."),
        new Field<GrpcRouteRule, EquatableList<HttpBackendReference>>(
            "backendRefs",
            RouteShapes.Backends(Filters),
            r => r.BackendRefs,
            (r, v) => r with { BackendRefs = v },
            "Where calls go; the parent Service itself when absent."),
        new Field<GrpcRouteRule, RawValue>(
            "sessionPersistence",
            SharedShapes.Raw,
            r => r.SessionPersistence,
            (r, v) => r with { SessionPersistence = v },
            "Session persistence; no effect in this version."));

    private static readonly ObjectShape<GrpcRouteSpec> Spec = new(
        new Field<GrpcRouteSpec, EquatableList<ParentReference>>(
            "parentRefs",
            RouteShapes.Parents,
            s => s.ParentRefs,
            (s, v) => s with { ParentRefs = v },
            "What the route is attached to."),
        new Field<GrpcRouteSpec, EquatableList<string>>(
            "hostnames",
            RouteShapes.Hostnames,
            s => s.Hostnames,
            (s, v) => s with { Hostnames = v },
            "Host names; only for gateways."),
        new Field<GrpcRouteSpec, EquatableList<GrpcRouteRule>>(
            "rules",
            new ListShape<GrpcRouteRule>(Rule)
            {
                Max = 16,
                Key = r => r.Name.Length == 0 ? null : r.Name,
                KeyField = "name",
            },
            s => s.Rules,
            (s, v) => s with { Rules = v },
            "The rules; one that takes every call when absent."),
        new IgnoredField<GrpcRouteSpec>("useDefaultGateways"))
    {
        Check = static (spec, map, reading) =>
            HttpRouteRules.CheckMatches(spec.Rules.Sum(rule => rule.Matches.Count), map, reading),
    };

    public static readonly ObjectShape<GrpcRoute> Shape = ObjectTable.Build<GrpcRoute, GrpcRouteSpec>(
        ObjectMetaTable.WithSubdomain, Spec, r => r.Spec, (r, v) => r with { Spec = v });
}
