using System.Text;
using Banyan.Rules.Authorization;

namespace Banyan.Model;

/// <summary>What the policies of one inbound listener decide about calls of which not everything is known. Used by one thread.</summary>
/// <remarks>Asks the engine of the sidecars, with the policies translated as they are for sidecars.</remarks>
internal sealed class ListenerJudge(AuthorizationPlan plan)
{
    /// <summary>No policy says it, so that only a prefix matches what has it behind.</summary>
    private const string Unsaid = "~banyan~unsaid~";

    private readonly Dictionary<Assumption, AuthorizationTable?> _tables = [];
    private readonly Dictionary<(PolicyAction, string, PolicyRule, Assumption), bool> _asks = [];

    public AuthorizationPlan Plan => plan;

    /// <summary>Where calls to a workload arrive; null when it is not there any more, nor another that stands in for it.</summary>
    public static ListenerJudge? Of(ResolvedMesh resolved, string scope, string service, string workload, int port)
    {
        var behind = resolved.Workloads.Where(each => each.Metadata.Namespace == scope
            && each.Spec.Service == service && each.Spec.Ports.Any(own => own.Port == port)).ToList();
        var found = behind.Find(each => each.Metadata.Name == workload) ?? behind.FirstOrDefault();
        return found is null ? null : new ListenerJudge(ListenerTranslator.Authorization(resolved, found, port));
    }

    /// <summary>What becomes of the calls.</summary>
    public Outlook Judge(SeenCall call)
    {
        var against = Samples(call).Select(sample => Decide(call, inFavour: false, sample.Path, sample.Knowledge)).ToList();
        var denial = against.Find(each => !each.Allowed);
        var possibly = denial.Allowed || Possibly(call);
        var audited = against.Select(each => each.Audited).FirstOrDefault(each => each is not null);
        return new Outlook(
            Surely: against.TrueForAll(each => each.Allowed), possibly, denial.Allowed ? "" : Shown(denial.Policy), Shown(audited));
    }

    /// <summary>The enforced rules that may have a say about the calls.</summary>
    public HashSet<(PolicyAction Action, string Namespace, PolicyRule Rule, EquatableList<PolicyToken> Tokens)> RulesFor(SeenCall call)
    {
        HashSet<(PolicyAction, string, PolicyRule, EquatableList<PolicyToken>)> rules = [];
        foreach (var policy in plan.Policies.Where(each => each.Spec.Mode == PolicyMode.Enforce))
        {
            foreach (var rule in policy.Spec.Rules.Where(rule => MayMatch(call, policy, rule)))
            {
                // What a token says counts by who issued it.
                var tokens = rule.From.Any(each => each.JwtClaims.Count > 0) ? policy.Spec.Jwt : [];
                rules.Add((policy.Spec.Action, policy.Metadata.Namespace, rule, tokens));
            }
        }

        return rules;
    }

    /// <summary>Whether what no rule matches is denied.</summary>
    public bool AllowsOnlyWhatIsSaid => plan.Policies.Any(each =>
        each.Spec is { Mode: PolicyMode.Enforce, Action: PolicyAction.Allow });

    /// <summary>Whose tokens are verified: a request with one that is not good is refused, whatever rules say.</summary>
    public HashSet<PolicyToken> TokensAsked =>
        [.. plan.Policies.Where(each => each.Spec.Mode == PolicyMode.Enforce).SelectMany(each => each.Spec.Jwt)];

    /// <summary>Which things the policies ask for that reports do not have, in words.</summary>
    public IEnumerable<string> NotReported(SeenCall call)
    {
        var rules = plan.Policies.SelectMany(each => each.Spec.Rules).ToList();
        var operations = call.IsHttp ? rules.SelectMany(each => each.To).ToList() : [];
        if (operations.Exists(each => each.AsksPath) && !call.Paths.Any(each => !each.IsPrefix))
        {
            yield return "paths";
        }

        if (operations.Exists(each => each.Methods.Count > 0) && call.Method.Length == 0)
        {
            yield return "unusual methods";
        }

        if (operations.Exists(each => each.Hosts.Count > 0))
        {
            yield return "hosts";
        }

        if (operations.Exists(each => each.Headers.Count > 0))
        {
            yield return "header fields";
        }

        if (call.IsHttp && (TokensAsked.Count > 0 || rules.Exists(rule => rule.From.Any(each => each.JwtClaims.Count > 0))))
        {
            yield return "tokens";
        }

        if (rules.Exists(rule => rule.From.Any(each => each.Networks.Count > 0)))
        {
            yield return "addresses";
        }
    }

    private bool Possibly(SeenCall call)
    {
        if (call.Paths.Count > 0 && call.Paths.All(each => !each.IsPrefix))
        {
            return call.Paths.Any(each => Decide(call, inFavour: true, each.Path, PathKnowledge.Exact).Allowed);
        }

        // Who asks for health has no identity.
        return Decide(call, inFavour: true, "/", PathKnowledge.None).Allowed
            || (call.Caller.Length == 0 && plan.Probe?.Health is { } health
                && Decide(call, inFavour: true, ProbePath(health), PathKnowledge.Exact).Allowed);
    }

    private static string ProbePath(WorkloadHealth health) => health.Grpc is not null
        ? "/grpc.health.v1.Health/Check"
        : health.Http.Length > 0 ? health.Http.Split('?')[0] : "/";

    private static IEnumerable<(string Path, PathKnowledge Knowledge)> Samples(SeenCall call)
    {
        if (call.Paths.Count == 0 || !call.IsHttp)
        {
            yield return ("/", PathKnowledge.None);
        }

        foreach (var each in call.IsHttp ? call.Paths : [])
        {
            yield return (each.Path, each.IsPrefix ? PathKnowledge.Sample : PathKnowledge.Exact);
            if (each.IsPrefix)
            {
                yield return (each.Below + Unsaid, PathKnowledge.Sample);
            }
        }
    }

    private (bool Allowed, string? Policy, string? Audited) Decide(
        SeenCall call, bool inFavour, string path, PathKnowledge knowledge)
    {
        var assumption = Assume(call, inFavour, knowledge);
        if (!_tables.TryGetValue(assumption, out var table))
        {
            // Nobody's path is the probe's unless it is known to be.
            var assumed = plan with
            {
                Policies = plan.Policies.Select(assumption.Applied).ToEquatableList(),
                Probe = knowledge == PathKnowledge.Exact ? plan.Probe : null,
            };
            _tables.Add(assumption, table = Compile(assumed));
        }

        return table is null ? (true, null, null) : Decide(table, call, assumption.IsHttp, path);
    }

    private (bool Allowed, string? Policy, string? Audited) Decide(
        AuthorizationTable table, SeenCall call, bool isHttp, string path)
    {
        var request = isHttp
            ? SampleRequest.Of(call.Method.Length > 0 ? call.Method : "UNKNOWN", path, call.Service)
            : null;
        var decision = table.Decide(new AuthorizationView
        {
            Identity = Encoding.UTF8.GetBytes(call.Caller),
            Port = plan.Port,
            IsHttp = request is not null,
            Request = request is null ? default : request.View,
        });
        return (decision.Allowed, decision.Policy, decision.Audited);
    }

    private bool MayMatch(SeenCall call, AuthorizationPolicy policy, PolicyRule rule)
    {
        var assumption = Assume(call, inFavour: true, PathKnowledge.None);
        var key = (policy.Spec.Action, $"{policy.Metadata.Namespace} {call.Caller} {call.Method}", rule, assumption);
        if (!_asks.TryGetValue(key, out var may))
        {
            // As if it were all that allows.
            var alone = assumption.Applied(policy with
            {
                Spec = policy.Spec with { Action = PolicyAction.Allow, Rules = [rule], Jwt = [] },
            });
            var table = Compile(plan with { Policies = [alone], Probe = null, Keys = [] });
            _asks.Add(key, may = table is not null && Decide(table, call, assumption.IsHttp, "/").Allowed);
        }

        return may;
    }

    private Assumption Assume(SeenCall call, bool inFavour, PathKnowledge knowledge) => new(
        inFavour, call.IsHttp && Protocols.IsHttp(plan.Protocol), knowledge, call.Method.Length > 0);

    private static AuthorizationTable? Compile(AuthorizationPlan plan)
    {
        var filters = AuthorizationTranslator.Filters(plan)
            .Select(each => new AuthorizationFilter(each.Rules, each.Shadow)).ToList();
        return filters.Count == 0 ? null
            : AuthorizationTable.TryCompile(filters, "filters", out var table, out var error) ? table
            : throw new InvalidOperationException($"policies that were accepted cannot be compiled: {error}");
    }

    // Those that begin with ~ are made by the translation.
    private static string Shown(string? policy) => policy?.TrimStart('~') ?? "";
}

/// <summary>What becomes of calls.</summary>
/// <param name="Surely">All of them are allowed, whatever else they are like.</param>
/// <param name="Possibly">Some may be.</param>
/// <param name="Policy">The policy that denies them, or may, NAMESPACE/NAME; empty when none does.</param>
/// <param name="Audited">A policy in audit mode that would deny them, or might; empty when none would.</param>
internal readonly record struct Outlook(bool Surely, bool Possibly, string Policy, string Audited);
