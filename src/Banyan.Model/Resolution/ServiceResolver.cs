using System.Globalization;

namespace Banyan.Model;

/// <summary>
/// Finds the services: those that are written and those that workloads imply (<c>S</c> and <c>S-V</c>).
/// </summary>
internal sealed class ServiceResolver
{
    private readonly StatusBook _book;
    private readonly Dictionary<(string Namespace, string Name), ResolvedService> _services = [];
    private readonly Dictionary<string, List<Workload>> _workloadsByNamespace = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Namespace, string Service), List<Workload>> _workloadsByService = [];
    private readonly Dictionary<(string Namespace, string Key, string Value), List<Workload>> _workloadsByLabel = [];
    private readonly HashSet<ObjectKey> _conflicted = [];

    private ServiceResolver(StatusBook book) => _book = book;

    /// <summary>All services, by namespace and name.</summary>
    public static Dictionary<(string Namespace, string Name), ResolvedService> Resolve(
        IReadOnlyList<Workload> workloads, IReadOnlyList<Service> services, StatusBook book)
    {
        var resolver = new ServiceResolver(book);
        foreach (var workload in workloads)
        {
            var scope = workload.Metadata.Namespace;
            Note(resolver._workloadsByNamespace, scope, workload);
            Note(resolver._workloadsByService, (scope, workload.Spec.Service), workload);
            foreach (var (key, value) in workload.Metadata.Labels)
            {
                Note(resolver._workloadsByLabel, (scope, key, value), workload);
            }
        }

        foreach (var service in services)
        {
            resolver.AddWritten(service);
        }

        resolver.AddImplied(workloads);
        foreach (var workload in workloads)
        {
            resolver.Conclude(workload);
        }

        return resolver._services;
    }

    private static void Note<TKey>(Dictionary<TKey, List<Workload>> index, TKey key, Workload workload)
        where TKey : notnull
    {
        if (!index.TryGetValue(key, out var list))
        {
            index.Add(key, list = []);
        }

        list.Add(workload);
    }

    private void AddWritten(Service service)
    {
        var members = MembersOf(service);
        var ports = new List<ResolvedPort>();
        for (var i = 0; i < service.Spec.Ports.Count; i++)
        {
            var port = service.Spec.Ports[i];
            if (port.Protocol != TransportProtocol.Tcp)
            {
                _book.Warn(
                    service,
                    $"spec.ports[{i}].protocol",
                    $"port {port.Port} is {port.Protocol.ToString().ToUpperInvariant()}, which is not carried");
                continue;
            }

            if (Protocols.Slip(port.AppProtocol) is { } meant)
            {
                _book.Warn(
                    service,
                    $"spec.ports[{i}].appProtocol",
                    $"\"{port.AppProtocol}\" is not known and is relayed as TCP (did you mean {meant})");
            }

            var backings = members.Select(w => Back(port, w)).OfType<Backing>().ToList();
            ports.Add(new ResolvedPort
            {
                Port = port.Port,
                Name = port.Name,
                Protocol = Protocols.Resolve(Protocols.Declared(port), backings, port.Port),
                Backings = backings,
            });
        }

        _services[(service.Metadata.Namespace, service.Metadata.Name)] = new ResolvedService
        {
            Namespace = service.Metadata.Namespace,
            Name = service.Metadata.Name,
            Written = service,
            Ports = [.. ports],
        };
        _book.Add(service, "Accepted", isTrue: true, "Accepted", members.Count == 0 ? "no Workload is behind it" : "");
    }

    private void AddImplied(IReadOnlyList<Workload> workloads)
    {
        var candidates = new Dictionary<(string Namespace, string Service, string Version), Candidate>();
        foreach (var workload in workloads)
        {
            if (workload.Spec.Service.Length == 0)
            {
                continue;
            }

            var (scope, service, version) = (workload.Metadata.Namespace, workload.Spec.Service, workload.Spec.Version);
            Candidate(scope, service, "").Members.Add(workload);
            if (version.Length > 0)
            {
                Candidate(scope, service, version).Members.Add(workload);
            }
        }

        foreach (var candidate in candidates.Values)
        {
            candidate.Members.Sort(static (a, b) => Age.Compare(a.Metadata, b.Metadata));
        }

        foreach (var candidate in candidates.Values.Order(Comparer<Candidate>.Create(static (a, b) => a.Before(b))))
        {
            AddImplied(candidate);
        }

        Candidate Candidate(string scope, string service, string version)
        {
            if (!candidates.TryGetValue((scope, service, version), out var candidate))
            {
                candidate = new Candidate(scope, service, version);
                candidates.Add((scope, service, version), candidate);
            }

            return candidate;
        }
    }

    private void AddImplied(Candidate candidate)
    {
        if (_services.TryGetValue((candidate.Namespace, candidate.Name), out var taken))
        {
            foreach (var workload in candidate.Members.Where(w => !taken.Ports.Any(p => p.Backings.Any(b => ReferenceEquals(b.Workload, w)))))
            {
                var winner = taken.Written is null ? "another implied Service" : $"the Service at {ProblemAt.Place(taken.Written)}";
                var message = $"the implied Service {candidate.Namespace}/{candidate.Name} has the name of {winner}, which wins";
                _conflicted.Add(workload.Key);
                _book.Add(workload, "Conflicted", isTrue: true, "Conflicted", message);
                _book.Warn(workload, candidate.Version.Length == 0 ? "spec.service" : "spec.version", message);
            }

            return;
        }

        var ports = new SortedDictionary<int, List<Backing>>();
        foreach (var workload in candidate.Members)
        {
            foreach (var port in workload.Spec.Ports)
            {
                if (!ports.TryGetValue(port.Port, out var backings))
                {
                    ports.Add(port.Port, backings = []);
                }

                backings.Add(new Backing(workload, port));
            }
        }

        _services.Add((candidate.Namespace, candidate.Name), new ResolvedService
        {
            Namespace = candidate.Namespace,
            Name = candidate.Name,
            Ports =
            [
                .. ports.Select(each => new ResolvedPort
                {
                    Port = each.Key,
                    Name = each.Value[0].Port.Name,
                    Protocol = Protocols.Resolve(PortProtocol.Auto, each.Value, each.Key),
                    Backings = each.Value,
                }),
            ],
        });
    }

    /// <summary>The conditions every Workload gets, and warnings of what will not do what was meant.</summary>
    private void Conclude(Workload workload)
    {
        var message = "";
        if (workload.Spec.Process.Length > 0)
        {
            message = CheckProcess(workload);
        }

        for (var i = 0; i < workload.Spec.Upstreams.Count; i++)
        {
            var upstream = workload.Spec.Upstreams[i];
            var (name, scope) = ServiceNames.Split(upstream.Service, workload.Metadata.Namespace);
            if (!_services.TryGetValue((scope, name), out var target) || !target.Ports.Any(p => p.Port == upstream.Port))
            {
                var missing = $"there is no service {name}.{scope} with port {upstream.Port}";
                _book.Warn(workload, $"spec.upstreams[{i}]", missing);
                message = message.Length == 0 ? missing : message;
            }
        }

        if (workload.Spec.Health is not null && workload.Spec.Ports.Count == 0)
        {
            _book.Warn(workload, "spec.health", "has no effect: the workload has no port that could be asked");
        }

        _book.Add(workload, "Accepted", isTrue: true, "Accepted", "");
        _book.Add(
            workload,
            "ResolvedRefs",
            message.Length == 0,
            message.Length == 0 ? "ResolvedRefs" : "RefNotFound",
            message);
        if (!_conflicted.Contains(workload.Key))
        {
            _book.Add(workload, "Conflicted", isTrue: false, "NoConflicts", "");
        }
    }

    private string CheckProcess(Workload workload)
    {
        var owner = _workloadsByNamespace[workload.Metadata.Namespace].Find(w => w.Metadata.Name == workload.Spec.Process);
        if (owner is null || owner.Spec.Process.Length > 0)
        {
            var message = owner is null
                ? $"there is no Workload {workload.Spec.Process} in namespace {workload.Metadata.Namespace}"
                : $"Workload {workload.Spec.Process} shares a process itself; name its owner {owner.Spec.Process}";
            _book.Warn(workload, "spec.process", message);
            return message;
        }

        for (var i = 0; i < workload.Spec.Ports.Count; i++)
        {
            var name = workload.Spec.Ports[i].Name;
            if (!owner.Spec.Ports.Any(p => p.Name == name))
            {
                var message = $"Workload {owner.Metadata.Name} has no port named \"{name}\"";
                _book.Warn(workload, $"spec.ports[{i}].name", message);
                return message;
            }
        }

        return "";
    }

    /// <summary>The Workloads behind a written Service: those it selects, or without a selector those that name it.</summary>
    private List<Workload> MembersOf(Service service)
    {
        var (scope, selector) = (service.Metadata.Namespace, service.Spec.Selector);
        if (selector.Count == 0)
        {
            return _workloadsByService.GetValueOrDefault((scope, service.Metadata.Name), []);
        }

        // Those with its first label are few, as a rule.
        var (first, wanted) = selector.First();
        return _workloadsByLabel.GetValueOrDefault((scope, first, wanted), []).FindAll(workload => selector.All(
            each => workload.Metadata.Labels.TryGetValue(each.Key, out var label) && label == each.Value));
    }

    /// <summary>
    /// The workload's port that a written Service's port means: by target name or number, else by number, else by name.
    /// </summary>
    private static Backing? Back(ServicePort port, Workload workload)
    {
        WorkloadPort? found = null;
        if (int.TryParse(port.TargetPort, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            found = workload.Spec.Ports.FirstOrDefault(p => p.TargetPort == number)
                ?? workload.Spec.Ports.FirstOrDefault(p => p.Port == number);
        }
        else if (port.TargetPort.Length > 0)
        {
            found = workload.Spec.Ports.FirstOrDefault(p => p.Name == port.TargetPort);
        }
        else
        {
            found = workload.Spec.Ports.FirstOrDefault(p => p.Port == port.Port)
                ?? (port.Name.Length > 0 ? workload.Spec.Ports.FirstOrDefault(p => p.Name == port.Name) : null);
        }

        return found is null ? null : new Backing(workload, found);
    }

    /// <summary>A service that workloads imply: all versions (empty version) or one.</summary>
    private sealed class Candidate(string scope, string service, string version)
    {
        public string Namespace => scope;

        public string Version => version;

        public string Name { get; } = version.Length == 0 ? service : $"{service}-{version}";

        public List<Workload> Members { get; } = [];

        /// <summary>
        /// The order in which names are given away: the oldest first, then all versions before one, then by name.
        /// </summary>
        public int Before(Candidate other)
        {
            var (mine, theirs) = (Members[0].Metadata, other.Members[0].Metadata);
            var order = (mine.CreationTimestamp ?? DateTimeOffset.MaxValue).CompareTo(theirs.CreationTimestamp ?? DateTimeOffset.MaxValue);
            order = order != 0 ? order : Math.Sign(version.Length).CompareTo(Math.Sign(other.Version.Length));
            order = order != 0 ? order : string.CompareOrdinal(scope, other.Namespace);
            return order != 0 ? order : string.CompareOrdinal(
                $"{service} {version}", $"{other.Service} {other.Version}");
        }

        private string Service => service;
    }
}
