using System.Net;
using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>Fields of a TLSRoute; bounds are those of the Gateway API's own definitions, of all versions together.</summary>
internal static class TlsRouteTable
{
    private static readonly ObjectShape<TlsRouteRule> Rule = new(
        new Field<TlsRouteRule, string>(
            "name",
            SharedShapes.Subdomain,
            r => r.Name,
            (r, v) => r with { Name = v },
            "Name of the rule, unique in the route."),
        new Field<TlsRouteRule, EquatableList<HttpBackendReference>>(
            "backendRefs",
            RouteShapes.Backends(filters: null, min: 1),
            r => r.BackendRefs,
            (r, v) => r with { BackendRefs = v },
            "Where connections go.") { Required = true });

    private static readonly TextShape ServerName = new()
    {
        MinLength = 1,
        MaxLength = 253,
        Check = static text => CheckServerName(text),
    };

    private static readonly ObjectShape<TlsRouteSpec> Spec = new(
        new Field<TlsRouteSpec, EquatableList<ParentReference>>(
            "parentRefs",
            RouteShapes.Parents,
            s => s.ParentRefs,
            (s, v) => s with { ParentRefs = v },
            "What the route is attached to."),
        new Field<TlsRouteSpec, EquatableList<string>>(
            "hostnames",
            new ListShape<string>(ServerName) { Max = 1024 },
            s => s.Hostnames,
            (s, v) => s with { Hostnames = v },
            "Names of servers that clients ask for: exact, or *. and a name for all names that end with it."),
        new Field<TlsRouteSpec, EquatableList<TlsRouteRule>>(
            "rules",
            new ListShape<TlsRouteRule>(Rule)
            {
                Min = 1,
                Max = 16,
                Key = r => r.Name.Length == 0 ? null : r.Name,
                KeyField = "name",
            },
            s => s.Rules,
            (s, v) => s with { Rules = v },
            "The rules, of which the first takes every connection.") { Required = true },
        new IgnoredField<TlsRouteSpec>("useDefaultGateways"));

    public static readonly ObjectShape<TlsRoute> Shape = ObjectTable.Build<TlsRoute, TlsRouteSpec>(
        ObjectMetaTable.WithSubdomain, Spec, r => r.Spec, (r, v) => r with { Spec = v }, CheckVersion);

    /// <summary>Names are required since v1alpha3; before, their absence meant every connection.</summary>
    private static void CheckVersion(TlsRoute route, MapNode map, Reading reading)
    {
        if (route.Spec.Hostnames.Count == 0
            && map.Find("spec") is MapNode spec
            && map.Find("apiVersion") is ScalarNode version
            && !version.Text.EndsWith("/v1alpha2", StringComparison.Ordinal))
        {
            reading.Push("spec");
            reading.Add(spec.Find("hostnames") ?? spec, "hostnames", $"needs at least one name in {version.Text}");
            reading.Pop();
        }
    }

    private static string? CheckServerName(string text)
    {
        var name = text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text;
        if (IPAddress.TryParse(name, out _))
        {
            return $"{Quote.Text(text)} is an address, which TLS does not send as a name";
        }

        return Names.CheckSubdomain(name) is null ? null : $"{Quote.Text(text)} is not a host name, nor *. and a host name";
    }
}
