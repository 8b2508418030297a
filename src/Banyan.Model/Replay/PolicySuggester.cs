namespace Banyan.Model;

/// <summary>Proposes AuthorizationPolicies that allow what was seen, and no more. Pure.</summary>
/// <remarks>
/// Every proposal is replayed with the engine of the sidecars: one that denied what it is made of, or a health check, is written
/// with less detail, or not at all.
/// </remarks>
public sealed class PolicySuggester
{
    private const int MostRules = 256;
    private const int MostPaths = 64;

    /// <summary>Of a principal.</summary>
    private const int LongestName = 1024;

    /// <summary>Days of reports from which on what came on one of them only is rare.</summary>
    private const int DaysThatTell = 3;

    private readonly SuggestionOrder _order;
    private readonly List<MeshObject> _objects;
    private readonly ResolvedMesh _resolved;
    private readonly ILookup<(string Namespace, string Service), SeenCall> _calls;

    private PolicySuggester(List<MeshObject> objects, IReadOnlyList<SeenCall> calls, SuggestionOrder order)
    {
        (_objects, _order) = (objects, order);
        _resolved = ResolvedMesh.Of(objects);
        _calls = calls.ToLookup(each => (each.Namespace, each.Service));
    }

    /// <summary>Proposes policies.</summary>
    /// <param name="objects">All objects of the mesh.</param>
    /// <param name="calls">What was seen.</param>
    /// <param name="folded">Calls that nobody knows the callers of.</param>
    /// <param name="order">What is asked for.</param>
    /// <returns>Null when there is no such service.</returns>
    public static SuggestedPolicies? Suggest(
        IEnumerable<MeshObject> objects, IReadOnlyList<SeenCall> calls, long folded, SuggestionOrder order)
    {
        var suggester = new PolicySuggester([.. objects], calls, order);
        var drafts = suggester.Drafts();
        if (drafts.Count == 0 && (order.Service.Length > 0 || order.Namespace.Length > 0))
        {
            return null;
        }

        List<string> warnings = [];
        if (folded > 0)
        {
            warnings.Add($"{folded} calls were counted without their callers, beyond the limit of label sets: a policy may deny them");
        }

        warnings.AddRange(drafts.Where(each => each.Result.Plaintext > 0).Select(each =>
            $"{each.Result.Service} was called {each.Result.Plaintext} times in plaintext, by {each.Result.PlaintextCallers}: "
            + "no rule by identity can allow that"));
        var yaml = SuggestionText.Write(order, suggester._resolved.Spec.TrustDomain, drafts, warnings);
        return new SuggestedPolicies(order.Window, [.. drafts.Select(each => each.Result)], warnings, yaml);
    }

    private List<SuggestionDraft> Drafts()
    {
        var (name, scope) = _order.Service.Length > 0
            ? ServiceNames.Split(_order.Service, _order.Namespace.Length > 0 ? _order.Namespace : ObjectMeta.DefaultNamespace)
            : ("", _order.Namespace);
        var services = _resolved.Workloads.Where(each => each.Spec.Service.Length > 0 && each.Spec.Ports.Count > 0)
            .Where(each => (name.Length == 0 || each.Spec.Service == name) && (scope.Length == 0 || each.Metadata.Namespace == scope))
            .GroupBy(each => (each.Metadata.Namespace, each.Spec.Service))
            .OrderBy(each => each.Key)
            .Select(each => each.Key).ToList();
        var drafts = services.ConvertAll(each => Draft(each.Namespace, each.Service, _order.Detail));

        // What does not hold is tried in other ways, all of them at once: to resolve a mesh takes a while.
        foreach (var detail in (SuggestionDetail[])[SuggestionDetail.Methods, SuggestionDetail.Identities])
        {
            var wrong = Wrong(drafts);
            drafts = drafts.ConvertAll(each => wrong.ContainsKey(each.Key) ? Draft(each.Namespace, each.Name, detail) : each);
        }

        var left = Wrong(drafts);
        return drafts.ConvertAll(each => left.TryGetValue(each.Key, out var why) ? each.Without(why) : each);
    }

    /// <summary>Services whose policy would deny what it is to allow, and what.</summary>
    private Dictionary<(string, string), string> Wrong(List<SuggestionDraft> drafts)
    {
        var made = drafts.Where(each => each.Policy is not null).ToDictionary(each => each.Policy!.Key, each => each.Enforced);
        List<MeshObject> after = [.. _objects.Where(each => !made.ContainsKey(each.Key)), .. made.Values];
        var wrong = new Dictionary<(string, string), string>();
        foreach (var denied in PolicyReplay.Denied(_objects, after, [.. drafts.SelectMany(each => each.Proposed)]))
        {
            if (!denied.IsAudit)
            {
                wrong.TryAdd(
                    (denied.Call.Namespace, denied.Call.Service),
                    $"no policy is suggested: with it {denied.Policy} would deny {denied.Call.Caller}, that it is made to allow");
            }
        }

        var resolved = ResolvedMesh.Of(after);
        foreach (var workload in resolved.Workloads.Where(each => each.Spec.Process.Length == 0))
        {
            if (Probe(workload) is { } probe
                && ListenerJudge.Of(_resolved, probe.Namespace, probe.Service, probe.Workload, probe.Port)?.Judge(probe).Surely == true
                && ListenerJudge.Of(resolved, probe.Namespace, probe.Service, probe.Workload, probe.Port)?.Judge(probe).Surely == false)
            {
                wrong.TryAdd(
                    (probe.Namespace, probe.Service),
                    $"no policy is suggested: it would cut off the health check of {workload.Metadata.Name} at port {probe.Port}; "
                    + "declare the port's protocol as HTTP");
            }
        }

        return wrong;
    }

    /// <summary>The request by which health is asked for; null where there is none, or only a connection.</summary>
    private SeenCall? Probe(Workload workload)
    {
        if (HealthPlan.Of(workload, _resolved.Ports) is not { Port: { } port, Health: var health })
        {
            return null;
        }

        var isGrpc = health.Grpc is not null;
        return new SeenCall
        {
            Namespace = workload.Metadata.Namespace,
            Service = workload.Spec.Service,
            Workload = workload.Metadata.Name,
            Port = port.Port,
            Method = isGrpc ? "POST" : "GET",
            Paths = [new PathTemplate(isGrpc ? "/grpc.health.v1.Health/Check" : health.Http.Split('?')[0], IsPrefix: false)],
        };
    }

    private SuggestionDraft Draft(string scope, string service, SuggestionDetail detail)
    {
        var draft = new SuggestionDraft(scope, service);
        var seen = _calls[(scope, service)].ToList();
        if (seen.Count == 0)
        {
            return draft.Without("no traffic was seen: no policy is suggested, for one without rules would deny everything");
        }

        List<string> notes = [];
        List<SeenCall> calls = [];
        foreach (var call in seen)
        {
            var outlook = ListenerJudge.Of(_resolved, scope, service, call.Workload, call.Port)?.Judge(call);
            if (outlook is null || call.Caller.Length == 0)
            {
                continue;
            }

            if (!CanBeNamed(call.Caller))
            {
                notes.Add($"left out: {call.Caller} is no identity that a rule can name ({call.Count})");
                continue;
            }

            if (call.OnlyRefused || !outlook.Value.Possibly)
            {
                var who = outlook.Value.Possibly ? "was only ever answered 401 or 403" : $"is denied by {outlook.Value.Policy}";
                notes.Add($"left out: {call.Caller} {call.Method} at port {call.Port} {who} ({call.Count})");
                continue;
            }

            calls.Add(call);
        }

        var plaintext = seen.Where(each => each.Caller.Length == 0).ToList();
        draft.Result = draft.Result with
        {
            Plaintext = plaintext.Sum(each => each.Count),
            PlaintextCallers = plaintext.Count == 0 ? "" : Names(plaintext),
            Notes = [.. notes.Distinct(StringComparer.Ordinal)],
        };
        return Fill(draft, calls, detail);
    }

    private static string Names(List<SeenCall> plaintext) =>
        plaintext.Select(each => each.CallerNames).Where(each => each.Length > 0).Distinct(StringComparer.Ordinal).ToList() is { Count: > 0 } names
            ? string.Join("; ", names)
            : "callers without a sidecar";

    private SuggestionDraft Fill(SuggestionDraft draft, List<SeenCall> calls, SuggestionDetail detail)
    {
        var opaque = calls.Where(each => !each.IsHttp || !AsksRequests(each)).Select(each => each.Port).ToHashSet();
        var usual = calls.GroupBy(each => (each.Caller, each.Port, each.Method)).ToLookup(each => !IsRare([.. each]));
        var rules = Rules(usual[true].SelectMany(each => each), opaque, detail);
        draft.Result = draft.Result with { Rare = Rules(usual[false].SelectMany(each => each), opaque, detail) };
        if (rules.Count == 0)
        {
            return draft.Without(draft.Result.Rare.Count > 0
                ? "all that was seen is rare: no policy is suggested"
                : "nobody with an identity was allowed to call: no policy is suggested");
        }

        if (rules.Count > MostRules)
        {
            return draft.Without($"{rules.Count} callers are more than a policy has rules for ({MostRules}); allow them by namespace");
        }

        if (detail == SuggestionDetail.Paths && rules.Exists(each => each.Operations.Any(to => to.Paths.Count == 0)))
        {
            draft.Result = draft.Result with
            {
                Notes = [.. draft.Result.Notes, "paths are left open where calls took no route that says them"],
            };
        }

        draft.Proposed = [.. usual[true].SelectMany(each => each)];
        draft.Result = draft.Result with { Rules = rules, Policy = $"{draft.Namespace}/suggested-{draft.Name}" };
        draft.Policy = new AuthorizationPolicy
        {
            Metadata = new ObjectMeta { Name = $"suggested-{draft.Name}", Namespace = draft.Namespace },
            Spec = new AuthorizationPolicySpec
            {
                Selector = new PolicySelector { Service = draft.Name },
                Mode = _order.Audit ? PolicyMode.Audit : PolicyMode.Enforce,
                Rules = rules.Select(Rule).ToEquatableList(),
            },
        };
        return draft;
    }

    /// <summary>What stands for identities beyond a limit is none, and with a star it would be those of others.</summary>
    private static bool CanBeNamed(string caller) => caller.Length <= LongestName && !caller.Contains('*', StringComparison.Ordinal)
        && AuthorizationRules.CheckPrincipal(caller) is null;

    /// <summary>Whether rules may ask about requests at a port without cutting off what is none.</summary>
    private bool AsksRequests(SeenCall call)
    {
        var protocols = _resolved.Workloads
            .Where(each => each.Metadata.Namespace == call.Namespace && each.Spec.Service == call.Service)
            .Where(each => each.Spec.Ports.Any(port => port.Port == call.Port))
            .Select(each => _resolved.Ports.Behind(each, call.Port)).ToList();
        return protocols.TrueForAll(Protocols.IsHttp);
    }

    private bool IsRare(IReadOnlyList<SeenCall> calls) =>
        calls.Sum(each => each.Count) < (calls[0].IsHttp ? _order.RareBelow : Math.Min(_order.RareBelow, 2))
        || (_order.Window.Days >= DaysThatTell && calls.All(each => each.Days == 1));

    private static List<SuggestedRule> Rules(IEnumerable<SeenCall> calls, HashSet<int> opaque, SuggestionDetail detail) =>
    [
        .. calls.GroupBy(each => each.Caller, StringComparer.Ordinal).OrderBy(each => each.Key, StringComparer.Ordinal).Select(caller => new SuggestedRule(
            caller.Key,
            [.. caller.GroupBy(each => each.Port).OrderBy(each => each.Key)
                .SelectMany(each => Operations(each.Key, [.. each], opaque.Contains(each.Key) ? SuggestionDetail.Identities : detail))],
            caller.Sum(each => each.Count),
            caller.Max(each => each.Days),
            caller.Min(each => each.FirstSeen),
            caller.Max(each => each.LastSeen))),
    ];

    private static IEnumerable<SuggestedOperation> Operations(int port, List<SeenCall> calls, SuggestionDetail detail)
    {
        if (detail == SuggestionDetail.Identities || calls.Exists(each => each.Method.Length == 0))
        {
            return [new SuggestedOperation(port, [], [])];
        }

        return calls.GroupBy(each => each.Method, StringComparer.Ordinal).OrderBy(each => each.Key, StringComparer.Ordinal)
            .GroupBy(each => detail == SuggestionDetail.Paths ? Paths([.. each]) : [], each => each.Key)
            .Select(each => new SuggestedOperation(port, each.ToEquatableList(), each.Key));
    }

    private static EquatableList<string> Paths(List<SeenCall> calls)
    {
        var paths = calls.SelectMany(each => each.Paths).SelectMany(each => each.Patterns).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        return calls.TrueForAll(each => each.Paths.Count > 0) && paths.Count <= MostPaths ? paths.ToEquatableList() : [];
    }

    private PolicyRule Rule(SuggestedRule rule) => new()
    {
        From = [SuggestionText.Source(rule.Caller, _resolved.Spec.TrustDomain)],
        To = rule.Operations.Select(each => new PolicyOperation
        {
            Ports = [each.Port], Methods = each.Methods.ToEquatableList(), Paths = each.Paths.ToEquatableList(),
        }).ToEquatableList(),
    };
}

/// <summary>A suggestion for one service while it is made.</summary>
internal sealed class SuggestionDraft(string scope, string name)
{
    public string Namespace => scope;

    public string Name => name;

    public (string, string) Key => (scope, name);

    public SuggestedService Result { get; set; } = new() { Service = $"{name}.{scope}" };

    /// <summary>Null when none is suggested.</summary>
    public AuthorizationPolicy? Policy { get; set; }

    /// <summary>As it decides once it is enforced.</summary>
    public AuthorizationPolicy Enforced => Policy! with { Spec = Policy!.Spec with { Mode = PolicyMode.Enforce } };

    /// <summary>The calls that it is made to allow.</summary>
    public IReadOnlyList<SeenCall> Proposed { get; set; } = [];

    /// <summary>No policy, and why.</summary>
    public SuggestionDraft Without(string why)
    {
        (Policy, Proposed) = (null, []);
        Result = Result with { Policy = "", Rules = [], Notes = [.. Result.Notes, why] };
        return this;
    }
}
