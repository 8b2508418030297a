namespace Banyan.Model;

/// <summary>Kinds of routes, the most specific first: of several kinds at one port the first one counts.</summary>
internal enum RouteType
{
    Grpc,
    Http,
    Tls,
    Tcp,
}

/// <summary>
/// A route of any kind in the form of an HTTPRoute, which can say what the others say. The rules have the places that
/// they have in the object, so that messages name its fields.
/// </summary>
internal sealed class RouteForm
{
    private RouteForm(MeshObject item, RouteType type, EquatableList<ParentReference> parents)
    {
        Item = item;
        Type = type;
        ParentRefs = parents;
    }

    /// <summary>The object.</summary>
    public MeshObject Item { get; }

    public RouteType Type { get; }

    public EquatableList<ParentReference> ParentRefs { get; }

    public EquatableList<string> Hostnames { get; private init; } = [];

    /// <summary>At least one.</summary>
    public required RuleForm[] Rules { get; init; }

    /// <summary>All routes, those that are attached first: by kind, then the oldest.</summary>
    public static IEnumerable<RouteForm> Of(List<MeshObject> objects) => objects
        .Select(item => item switch
        {
            GrpcRoute route => Of(route),
            HttpRoute route => Of(route),
            TlsRoute route => Of(route),
            TcpRoute route => Of(route),
            _ => null,
        })
        .OfType<RouteForm>()
        .OrderBy(form => form.Type)
        .ThenBy(form => form.Item.Metadata, Comparer<ObjectMeta>.Create(Age.Compare));

    private static RouteForm Of(HttpRoute route) => new(route, RouteType.Http, route.Spec.ParentRefs)
    {
        Hostnames = route.Spec.Hostnames,
        Rules = Forms(route.Spec.Rules, rule => new RuleForm(
            rule,
            rule.Matches.Count == 0
                ? [new RankedMatch(new HttpRouteMatch())]
                : [.. rule.Matches.Select(match => new RankedMatch(match))])),
    };

    private static RouteForm Of(GrpcRoute route) => new(route, RouteType.Grpc, route.Spec.ParentRefs)
    {
        Hostnames = route.Spec.Hostnames,
        Rules = Forms(route.Spec.Rules, rule => new RuleForm(
            new HttpRouteRule
            {
                Name = rule.Name,
                Filters = rule.Filters,
                BackendRefs = rule.BackendRefs,
                SessionPersistence = rule.SessionPersistence,
            },
            rule.Matches.Count == 0
                ? [new RankedMatch(new GrpcRouteMatch())]
                : [.. rule.Matches.Select(match => new RankedMatch(match))])),
    };

    private static RouteForm Of(TlsRoute route) => new(route, RouteType.Tls, route.Spec.ParentRefs)
    {
        Hostnames = route.Spec.Hostnames,
        Rules = Forms(route.Spec.Rules, rule => OfConnections(rule.Name, rule.BackendRefs)),
    };

    private static RouteForm Of(TcpRoute route) => new(route, RouteType.Tcp, route.Spec.ParentRefs)
    {
        Rules = Forms(route.Spec.Rules, rule => OfConnections(rule.Name, rule.BackendRefs)),
    };

    private static RuleForm OfConnections(string name, EquatableList<HttpBackendReference> backends) => new(
        new HttpRouteRule { Name = name, BackendRefs = backends }, [new RankedMatch(new HttpRouteMatch())]);

    // A route without rules has one that takes everything.
    private static RuleForm[] Forms<T>(EquatableList<T> rules, Func<T, RuleForm> form)
        where T : new() => rules.Count == 0 ? [form(new T())] : [.. rules.Select(form)];
}

/// <param name="Rule">What is said of its requests; its matches do not count.</param>
/// <param name="Matches">At least one.</param>
internal sealed record RuleForm(HttpRouteRule Rule, RankedMatch[] Matches);
