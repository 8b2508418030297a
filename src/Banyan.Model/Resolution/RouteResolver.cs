namespace Banyan.Model;

/// <summary>Attaches HTTPRoutes to the ports of their parent Services and binds their backends.</summary>
internal sealed class RouteResolver(
    Dictionary<(string Namespace, string Name), ResolvedService> services, StatusBook book)
{
    /// <summary>Routes attached to each service port; those of a port in no order yet.</summary>
    public Dictionary<ResolvedPort, List<ResolvedRoute>> Attached { get; } = [];

    public void Resolve(HttpRoute route)
    {
        WarnOfIgnored(route);
        var unsupported = FindUnsupported(route);
        var (resolved, references) = Bind(route);
        var retries = RetryPromises.Judge(route, book);
        foreach (var (index, parent) in route.Spec.ParentRefs.Index())
        {
            var accepted = Attach(resolved, parent, index, unsupported);
            book.Add(route, parent, retries is null ? [accepted, references] : [accepted, references, retries]);
        }

        if (route.Spec.ParentRefs.Count == 0)
        {
            const string Message = "has no parentRefs and applies to nothing";
            book.Add(route, "Accepted", isTrue: false, "NoMatchingParent", Message);
            book.Warn(route, "spec", Message);
        }
    }

    private Condition Attach(
        ResolvedRoute resolved, ParentReference parent, int index, (string Field, string Message)? unsupported)
    {
        var route = resolved.Route;
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

        var ports = service.Ports
            .Where(p => p.IsHttp && (parent.Port == 0 || p.Port == parent.Port) && (parent.SectionName.Length == 0 || p.Name == parent.SectionName))
            .ToList();
        if (ports.Count == 0)
        {
            return Refuse("NoMatchingParent", $"Service {scope}/{parent.Name} has no such HTTP port");
        }

        if (scope != route.Metadata.Namespace)
        {
            return Refuse("UnsupportedValue", "routes in another namespace than their Service (consumer routes) are not supported yet by this version");
        }

        if (unsupported is { } found)
        {
            field = found.Field;
            return Refuse("UnsupportedValue", found.Message);
        }

        foreach (var port in ports)
        {
            if (!Attached.TryGetValue(port, out var routes))
            {
                Attached.Add(port, routes = []);
            }

            // Two parentRefs may mean the same port.
            if (!routes.Contains(resolved))
            {
                routes.Add(resolved);
            }
        }

        return new Condition("Accepted", IsTrue: true, "Accepted", "", route.Metadata.Generation);

        Condition Refuse(string reason, string message)
        {
            book.Warn(route, field, message);
            return new Condition("Accepted", IsTrue: false, reason, message, route.Metadata.Generation);
        }
    }

    private (ResolvedRoute Route, Condition References) Bind(HttpRoute route)
    {
        Condition? first = null;
        HttpRouteRule[] rules = route.Spec.Rules.Count == 0 ? [new HttpRouteRule()] : [.. route.Spec.Rules];
        var resolved = new ResolvedRule[rules.Length];
        for (var r = 0; r < rules.Length; r++)
        {
            var backends = new ResolvedBackend[rules[r].BackendRefs.Count];
            for (var b = 0; b < backends.Length; b++)
            {
                var reference = rules[r].BackendRefs[b];
                var problem = Bind(route, reference, out var cluster);
                backends[b] = new ResolvedBackend(reference, cluster);
                if (problem is { } found)
                {
                    book.Warn(route, $"spec.rules[{r}].backendRefs[{b}]", found.Message);
                    first ??= new Condition(
                        "ResolvedRefs", IsTrue: false, found.Reason, found.Message, route.Metadata.Generation);
                }
            }

            var name = rules[r].Name.Length > 0 ? rules[r].Name : r.ToString();
            resolved[r] = new ResolvedRule(
                $"{route.Metadata.Namespace}/{route.Metadata.Name}/{name}", rules[r], backends);
        }

        first ??= new Condition("ResolvedRefs", IsTrue: true, "ResolvedRefs", "", route.Metadata.Generation);
        return (new ResolvedRoute(route, resolved), first);
    }

    private (string Reason, string Message)? Bind(HttpRoute route, HttpBackendReference reference, out string? cluster)
    {
        cluster = null;
        if (!reference.IsService)
        {
            return ("InvalidKind", $"a {reference.Kind} cannot be a backend");
        }

        if (reference.Namespace.Length > 0 && reference.Namespace != route.Metadata.Namespace)
        {
            return ("RefNotPermitted", $"Service {reference.Name} is in namespace {reference.Namespace}; references to other namespaces are not supported yet by this version");
        }

        if (!services.TryGetValue((route.Metadata.Namespace, reference.Name), out var service))
        {
            return ("BackendNotFound", $"there is no Service {reference.Name} in namespace {route.Metadata.Namespace}");
        }

        var port = Array.Find(service.Ports, p => p.Port == reference.Port);
        if (port is null)
        {
            return ("BackendNotFound", $"Service {service.Namespace}/{service.Name} has no port {reference.Port}");
        }

        if (!port.IsHttp)
        {
            return (
                "UnsupportedProtocol",
                $"port {reference.Port} of Service {service.Namespace}/{service.Name} is not HTTP");
        }

        cluster = ServiceNames.Resource(service.Name, service.Namespace, port.Port);
        return null;
    }

    /// <summary>
    /// The first filter that cannot be applied. A filter is never skipped: the route is not accepted.
    /// </summary>
    private static (string Field, string Message)? FindUnsupported(HttpRoute route)
    {
        foreach (var (r, rule) in route.Spec.Rules.Index())
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

    private void WarnOfIgnored(HttpRoute route)
    {
        if (route.Spec.Hostnames.Count > 0 && route.Spec.ParentRefs.Any(p => p.IsService))
        {
            book.Warn(route, "spec.hostnames", "host names have no effect where the parent is a Service");
        }

        foreach (var (r, rule) in route.Spec.Rules.Index())
        {
            if (rule.SessionPersistence is not null)
            {
                book.Warn(
                    route,
                    $"spec.rules[{r}].sessionPersistence",
                    "session persistence is not supported yet by this version and has no effect");
            }
        }
    }
}
