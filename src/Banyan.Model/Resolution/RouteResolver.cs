namespace Banyan.Model;

/// <summary>Attaches routes to the ports of their parent Services and binds their backends.</summary>
internal sealed class RouteResolver(
    Dictionary<(string Namespace, string Name), ResolvedService> services, StatusBook book)
{
    /// <summary>
    /// Routes attached to each service port by the namespace of the service, for all clients but those that have
    /// <see cref="Consumers"/>. All of one kind; those of a port in no order yet.
    /// </summary>
    public Dictionary<ResolvedPort, List<ResolvedRoute>> Attached { get; } = [];

    /// <summary>
    /// Routes attached to a port of another namespace's service: those of each namespace hold for its own clients, in
    /// place of what is attached (GEP-1426: consumer routes).
    /// </summary>
    public Dictionary<ResolvedPort, SortedDictionary<string, List<ResolvedRoute>>> Consumers { get; } = [];

    /// <summary>
    /// Resolves one route. Those of a more specific kind come before it, of TLSRoutes and TCPRoutes the older ones too.
    /// </summary>
    public void Resolve(RouteForm form)
    {
        WarnOfIgnored(form);
        var unsupported = FindUnsupported(form);
        var (resolved, references) = Bind(form);
        var retries = form.Item is HttpRoute http ? RetryPromises.Judge(http, book) : null;
        foreach (var (index, parent) in form.ParentRefs.Index())
        {
            var accepted = Attach(resolved, parent, index, unsupported);
            book.Add(form.Item, parent, retries is null ? [accepted, references] : [accepted, references, retries]);
        }

        if (form.ParentRefs.Count == 0)
        {
            const string Message = "has no parentRefs and applies to nothing";
            book.Add(form.Item, "Accepted", isTrue: false, "NoMatchingParent", Message);
            book.Warn(form.Item, "spec", Message);
        }
    }

    private Condition Attach(
        ResolvedRoute resolved, ParentReference parent, int index, (string Field, string Message)? unsupported)
    {
        var (route, type) = (resolved.Form.Item, resolved.Form.Type);
        var field = $"spec.parentRefs[{index}]";
        var scope = parent.Namespace.Length == 0 ? route.Metadata.Namespace : parent.Namespace;
        if (!parent.IsService)
        {
            return Refuse("NoMatchingParent", parent.Kind == "Gateway" ? "gateways are not supported yet by this version" : $"a {parent.Kind} cannot be the parent of a route");
        }

        if (!services.TryGetValue((scope, parent.Name), out var service))
        {
            return Refuse("NoMatchingParent", $"there is no Service {parent.Name} in namespace {scope}");
        }

        var ports = ParentPorts.Of(service, parent, type);
        if (ports.Count == 0)
        {
            return Refuse(
                "NoMatchingParent", $"Service {scope}/{parent.Name} has no such {ParentPorts.Word(type)} port");
        }

        if (scope != route.Metadata.Namespace && type is not (RouteType.Http or RouteType.Grpc))
        {
            return Refuse(
                "UnsupportedValue",
                $"a {route.Kind} in another namespace than its Service (a consumer route) is not supported yet by this version");
        }

        if (unsupported is { } found)
        {
            field = found.Field;
            return Refuse("UnsupportedValue", found.Message);
        }

        var conflicts = new List<string>();
        foreach (var port in ports)
        {
            var others = On(port, scope == route.Metadata.Namespace ? "" : route.Metadata.Namespace);
            if (Conflict(port, resolved, others) is { } conflict)
            {
                conflicts.Add(conflict);
            }
            else
            {
                Attach(resolved, others);
                WarnOfHttp1(resolved, service, port, field);
            }
        }

        if (conflicts.Count == ports.Count)
        {
            return Refuse("Conflicted", conflicts[0]);
        }

        foreach (var conflict in conflicts)
        {
            book.Warn(route, field, conflict);
        }

        return new Condition("Accepted", IsTrue: true, "Accepted", "", route.Metadata.Generation);

        Condition Refuse(string reason, string message)
        {
            book.Warn(route, field, message);
            return new Condition("Accepted", IsTrue: false, reason, message, route.Metadata.Generation);
        }
    }

    /// <summary>The routes of a port; of another namespace's clients when that is named.</summary>
    private List<ResolvedRoute> On(ResolvedPort port, string consumer)
    {
        if (consumer.Length > 0)
        {
            if (!Consumers.TryGetValue(port, out var consumers))
            {
                Consumers.Add(port, consumers = new SortedDictionary<string, List<ResolvedRoute>>(StringComparer.Ordinal));
            }

            return consumers.TryGetValue(consumer, out var own) ? own : consumers[consumer] = [];
        }

        if (!Attached.TryGetValue(port, out var routes))
        {
            Attached.Add(port, routes = []);
        }

        return routes;
    }

    private static void Attach(ResolvedRoute resolved, List<ResolvedRoute> routes)
    {
        // Two parentRefs may mean the same port.
        if (!routes.Contains(resolved))
        {
            routes.Add(resolved);
        }
    }

    /// <summary>
    /// Why the route cannot be attached to a port that others have; null when it can. Kinds are not merged (GEP-1294),
    /// nor are TCPRoutes, which all take every connection, nor TLSRoutes whose names are all taken.
    /// </summary>
    private string? Conflict(ResolvedPort port, ResolvedRoute resolved, List<ResolvedRoute> routes)
    {
        if (routes.Count == 0 || routes.Contains(resolved))
        {
            return null;
        }

        var other = routes[0].Form;
        if (other.Type == resolved.Form.Type && other.Type == RouteType.Tls)
        {
            return ServerNames.Conflict(port, routes, resolved.Form, book);
        }

        if (other.Type == resolved.Form.Type && other.Type != RouteType.Tcp)
        {
            return null;
        }

        var why = other.Type == resolved.Form.Type
            ? "which is older"
            : $"which goes before every {resolved.Form.Item.Kind}";
        var (kind, meta) = (other.Item.Kind, other.Item.Metadata);
        return $"port {port.Port} has the {kind} {meta.Namespace}/{meta.Name}, {why}";
    }

    private void WarnOfHttp1(ResolvedRoute resolved, ResolvedService service, ResolvedPort port, string field)
    {
        if (resolved.Form.Type == RouteType.Grpc && port.Protocol == PortProtocol.Http)
        {
            book.Warn(
                resolved.Form.Item,
                field,
                $"port {port.Port} of Service {service.Namespace}/{service.Name} is declared http, which is HTTP/1: "
                    + "gRPC needs grpc or http2");
        }
    }

    private (ResolvedRoute Route, Condition References) Bind(RouteForm form)
    {
        Condition? first = null;
        var route = form.Item;
        var rules = form.Rules;
        var resolved = new ResolvedRule[rules.Length];
        for (var r = 0; r < rules.Length; r++)
        {
            var backends = new ResolvedBackend[rules[r].Rule.BackendRefs.Count];
            for (var b = 0; b < backends.Length; b++)
            {
                var reference = rules[r].Rule.BackendRefs[b];
                var problem = Bind(form, reference, out var cluster);
                backends[b] = new ResolvedBackend(reference, cluster);
                if (problem is { } found)
                {
                    book.Warn(route, $"spec.rules[{r}].backendRefs[{b}]", found.Message);
                    first ??= new Condition(
                        "ResolvedRefs", IsTrue: false, found.Reason, found.Message, route.Metadata.Generation);
                }
            }

            var name = rules[r].Rule.Name.Length > 0 ? rules[r].Rule.Name : r.ToString();
            resolved[r] = new ResolvedRule(
                $"{route.Metadata.Namespace}/{route.Metadata.Name}/{name}", rules[r].Rule, rules[r].Matches, backends);
        }

        first ??= new Condition("ResolvedRefs", IsTrue: true, "ResolvedRefs", "", route.Metadata.Generation);
        return (new ResolvedRoute(form, resolved), first);
    }

    private (string Reason, string Message)? Bind(RouteForm form, HttpBackendReference reference, out string? cluster)
    {
        var route = form.Item;
        cluster = null;
        if (!reference.IsService)
        {
            return ("InvalidKind", $"a {reference.Kind} cannot be a backend");
        }

        var scope = reference.Namespace.Length > 0 ? reference.Namespace : route.Metadata.Namespace;
        if (scope != route.Metadata.Namespace && !IsParent(form, scope, reference.Name))
        {
            return ("RefNotPermitted", $"Service {reference.Name} is in namespace {reference.Namespace}; references to other namespaces are not supported yet by this version");
        }

        if (!services.TryGetValue((scope, reference.Name), out var service))
        {
            return ("BackendNotFound", $"there is no Service {reference.Name} in namespace {scope}");
        }

        var port = Array.Find(service.Ports, p => p.Port == reference.Port);
        if (port is null)
        {
            return ("BackendNotFound", $"Service {service.Namespace}/{service.Name} has no port {reference.Port}");
        }

        if (Unfit(form.Type, port) is { } unfit)
        {
            return (
                "UnsupportedProtocol",
                $"port {reference.Port} of Service {service.Namespace}/{service.Name} is {unfit}");
        }

        cluster = ServiceNames.Resource(service.Name, service.Namespace, port.Port);
        return null;
    }

    /// <summary>Whether the backend is what the clients called anyway, which nobody has to permit.</summary>
    private static bool IsParent(RouteForm form, string scope, string name) => form.ParentRefs.Any(parent =>
        parent.IsService && parent.Namespace == scope && parent.Name == name);

    // TLS that is passed through would be malformed where a sidecar reads HTTP.
    private static string? Unfit(RouteType type, ResolvedPort port) => type switch
    {
        RouteType.Tcp => null,
        RouteType.Tls => port.IsHttp && port.Protocol != PortProtocol.Auto ? "HTTP without TLS" : null,
        _ => port.IsHttp ? null : "not HTTP",
    };

    /// <summary>
    /// The first filter that cannot be applied. A filter is never skipped: the route is not accepted.
    /// </summary>
    private static (string Field, string Message)? FindUnsupported(RouteForm form)
    {
        foreach (var (r, (rule, _)) in form.Rules.Index())
        {
            if (Find(rule.Filters, $"spec.rules[{r}].filters") is { } found)
            {
                return found;
            }

            foreach (var (b, backend) in rule.BackendRefs.Index())
            {
                if (Find(backend.Filters, $"spec.rules[{r}].backendRefs[{b}].filters") is { } inner)
                {
                    return inner;
                }
            }
        }

        return null;

        static (string Field, string Message)? Find(EquatableList<HttpRouteFilter> filters, string field)
        {
            foreach (var (f, filter) in filters.Index())
            {
                if (filter.Type is not (HttpFilterType.RequestHeaderModifier or HttpFilterType.ResponseHeaderModifier))
                {
                    var name = HttpRouteRules.FilterTypes.First(t => t.Value == filter.Type).Word;
                    return (
                        $"{field}[{f}].type",
                        $"the filter {name} is not supported yet by this version; the route is not applied");
                }
            }

            return null;
        }
    }

    private void WarnOfIgnored(RouteForm form)
    {
        if (form.Type != RouteType.Tls && form.Hostnames.Count > 0 && form.ParentRefs.Any(p => p.IsService))
        {
            book.Warn(form.Item, "spec.hostnames", "host names have no effect where the parent is a Service");
        }

        foreach (var (r, (rule, _)) in form.Rules.Index())
        {
            if (rule.SessionPersistence is not null)
            {
                book.Warn(
                    form.Item,
                    $"spec.rules[{r}].sessionPersistence",
                    "session persistence is not supported yet by this version and has no effect");
            }

            if (form.Type is RouteType.Tcp or RouteType.Tls && r > 0)
            {
                book.Warn(form.Item, $"spec.rules[{r}]", "has no effect: the first rule takes every connection");
            }
        }
    }
}
