using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>What routes of all kinds share: parents, host names, backends, matches on named values.</summary>
internal static class RouteShapes
{
    private static readonly TextShape Group =
        new() { Check = Names.CheckSubdomain, Pattern = Names.SubdomainPattern, MaxLength = 253 };

    private static readonly TextShape KindName = new() { MinLength = 1, MaxLength = 63 };

    private static readonly TextShape ObjectName = new()
    {
        MinLength = 1,
        MaxLength = 253,
        Check = Names.CheckSubdomain,
        Pattern = Names.SubdomainPattern,
    };

    private static readonly TextShape HeaderName = new()
    {
        MinLength = 1,
        MaxLength = 256,
        Check = HttpRouteRules.CheckToken,
        Pattern = "^[A-Za-z0-9!#$%&'*+\\-.^_`|~]+$",
    };

    private static readonly TextShape Hostname = new()
    {
        MinLength = 1,
        MaxLength = 253,
        Check = static text => Names.CheckSubdomain(text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text)
            is null
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
        new Field<ParentReference, string>(
            "name", ObjectName, p => p.Name, (p, v) => p with { Name = v }, "Name of the parent.") { Required = true },
        new Field<ParentReference, string>(
            "sectionName",
            SharedShapes.Subdomain,
            p => p.SectionName,
            (p, v) => p with { SectionName = v },
            "Name of a port of the Service."),
        new Field<ParentReference, int>(
            "port",
            SharedShapes.Port,
            p => p.Port,
            (p, v) => p with { Port = v },
            "Port of the Service; every port when absent."))
    {
        Check = static (value, map, reading) =>
        {
            // The most frequent slip of those who move a route from a gateway to the mesh.
            if (map.Find("kind") is ScalarNode { Text: nameof(Service) } kind
                && !map.Entries.Any(e => e.Key.Text == "group"))
            {
                reading.Add(kind, "group", "is required with kind: Service; write group: \"\"");
            }
        },
    };

    private static readonly EnumShape<ValueMatchType> ValueMatch =
        new(("Exact", ValueMatchType.Exact), ("RegularExpression", ValueMatchType.RegularExpression));

    /// <summary>What a route is attached to.</summary>
    public static readonly ListShape<ParentReference> Parents =
        new(Parent) { Max = 32, Key = HttpRouteRules.ParentKey };

    public static readonly ListShape<string> Hostnames = new(Hostname) { Max = 16 };

    /// <summary>Backends of a rule; with the filters of its kind, if it has any.</summary>
    public static ListShape<HttpBackendReference> Backends(
        ListShape<HttpRouteFilter>? filters, int min = 0) => new(new ObjectShape<HttpBackendReference>(
    [
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
        new Field<HttpBackendReference, string>(
            "name", ObjectName, b => b.Name, (b, v) => b with { Name = v }, "Name of the backend.") { Required = true },
        new Field<HttpBackendReference, int>(
            "port", SharedShapes.Port, b => b.Port, (b, v) => b with { Port = v }, "Port of the Service."),
        new Field<HttpBackendReference, int>(
            "weight",
            new IntegerShape(0, 1_000_000),
            b => b.Weight,
            (b, v) => b with { Weight = v },
            "Its share, relative to the others; 0 = nothing."),
        .. filters is null ? Array.Empty<Field<HttpBackendReference>>() :
        [
            new Field<HttpBackendReference, EquatableList<HttpRouteFilter>>(
                "filters",
                filters,
                b => b.Filters,
                (b, v) => b with { Filters = v },
                "Filters for requests to this backend."),
        ],
    ])
    {
        Check = static (value, map, reading) =>
        {
            if (value.IsService && !map.Has("port"))
            {
                reading.Add(map, "port", "is required for a Service");
            }
        },
    })
    {
        Min = min,
        Max = 16,
    };

    /// <summary>Matches on named values, each name once.</summary>
    public static ListShape<HttpValueMatch> Values(int maxLength) =>
        new(new ObjectShape<HttpValueMatch>(
        new Field<HttpValueMatch, ValueMatchType>(
            "type", ValueMatch, v => v.Type, (v, t) => v with { Type = t }, "How the value is compared."),
        new Field<HttpValueMatch, string>(
            "name", HeaderName, v => v.Name, (v, t) => v with { Name = t }, "Its name.") { Required = true },
        new Field<HttpValueMatch, string>(
            "value",
            new TextShape { MinLength = 1, MaxLength = maxLength },
            v => v.Value,
            (v, t) => v with { Value = t },
            "The value or regular expression.") { Required = true })
    {
        Check = HttpRouteRules.CheckValueMatch,
    })
    {
        Max = 16,
        Key = v => v.Name.Length == 0 ? null : v.Name,
        KeyField = "name",
    };
}
