using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>Fields of a TCPRoute; bounds are those of the Gateway API's own definition.</summary>
internal static class TcpRouteTable
{
    private static readonly ObjectShape<TcpRouteRule> Rule = new(
        new Field<TcpRouteRule, string>(
            "name",
            SharedShapes.Subdomain,
            r => r.Name,
            (r, v) => r with { Name = v },
            "Name of the rule, unique in the route."),
        new Field<TcpRouteRule, EquatableList<HttpBackendReference>>(
            "backendRefs",
            RouteShapes.Backends(filters: null, min: 1),
            r => r.BackendRefs,
            (r, v) => r with { BackendRefs = v },
            "Where connections go.") { Required = true });

    private static readonly ObjectShape<TcpRouteSpec> Spec = new(
        new Field<TcpRouteSpec, EquatableList<ParentReference>>(
            "parentRefs",
            RouteShapes.Parents,
            s => s.ParentRefs,
            (s, v) => s with { ParentRefs = v },
            "What the route is attached to."),
        new Field<TcpRouteSpec, EquatableList<TcpRouteRule>>(
            "rules",
            new ListShape<TcpRouteRule>(Rule)
            {
                Min = 1,
                Max = 16,
                Key = r => r.Name.Length == 0 ? null : r.Name,
                KeyField = "name",
            },
            s => s.Rules,
            (s, v) => s with { Rules = v },
            "The rules, of which the first takes every connection.") { Required = true },
        new IgnoredField<TcpRouteSpec>("useDefaultGateways"));

    public static readonly ObjectShape<TcpRoute> Shape = ObjectTable.Build<TcpRoute, TcpRouteSpec>(
        ObjectMetaTable.WithSubdomain, Spec, r => r.Spec, (r, v) => r with { Spec = v });
}
