namespace Banyan.Model;

/// <summary>Replays what was seen against the policies before and after a change. Pure.</summary>
public static class PolicyReplay
{
    /// <summary>The calls that are allowed before, and denied after, or perhaps so; those that a new audit policy would deny, too.</summary>
    /// <param name="before">All objects as they are.</param>
    /// <param name="after">All objects as they would be.</param>
    /// <param name="calls">What was seen.</param>
    public static IReadOnlyList<DeniedCall> Denied(
        IEnumerable<MeshObject> before, IEnumerable<MeshObject> after, IReadOnlyList<SeenCall> calls)
    {
        var (had, has) = (new Judges(ResolvedMesh.Of(before)), new Judges(ResolvedMesh.Of(after)));
        List<DeniedCall> denied = [];
        foreach (var call in calls.Where(each => !each.OnlyRefused))
        {
            // A workload that is gone denies nothing, and one that is new had other callers, or none.
            if (had.Of(call) is { } old && has.Of(call) is { } next && !old.Plan.Equals(next.Plan))
            {
                denied.AddRange(Denied(old, next, call));
            }
        }

        return denied;
    }

    private static IEnumerable<DeniedCall> Denied(ListenerJudge old, ListenerJudge next, SeenCall call)
    {
        var (was, becomes) = (old.Judge(call), next.Judge(call));
        if (was.Possibly && !becomes.Surely && (!becomes.Possibly || !SaysNoLess(old, next, call)))
        {
            yield return new DeniedCall(call, becomes.Policy, IsAudit: false, !becomes.Possibly, Why(next, call, becomes.Possibly));
        }

        else if (was.Possibly && call.IsHttp && Protocols.IsHttp(next.Plan.Protocol) && !TakesNoLess(old.TokensAsked, next.TokensAsked))
        {
            var asking = next.Plan.Policies.First(each => each.Spec is { Mode: PolicyMode.Enforce, Jwt.Count: > 0 });
            yield return new DeniedCall(call, asking.FullName, IsAudit: false, IsSure: false, Why(next, call, isOpen: true));
        }

        if (becomes.Audited.Length > 0 && was.Audited != becomes.Audited)
        {
            yield return new DeniedCall(call, becomes.Audited, IsAudit: true, IsSure: true, "");
        }
    }

    /// <summary>Whether every rule that may allow the call is still there, and none is new that may deny it.</summary>
    private static bool SaysNoLess(ListenerJudge old, ListenerJudge next, SeenCall call)
    {
        if (old.Plan with { Policies = next.Plan.Policies } != next.Plan
            || (next.AllowsOnlyWhatIsSaid && !old.AllowsOnlyWhatIsSaid))
        {
            return false;
        }

        var (had, has) = (old.RulesFor(call), next.RulesFor(call));
        return had.Where(each => each.Action == PolicyAction.Allow).All(has.Contains)
            && has.Where(each => each.Action == PolicyAction.Deny).All(had.Contains);
    }

    /// <summary>Whether every token that was good still is. Only those of a header field that is asked for have to be.</summary>
    private static bool TakesNoLess(IEnumerable<PolicyToken> old, IReadOnlyCollection<PolicyToken> next) => next
        .GroupBy(each => each.Header, StringComparer.OrdinalIgnoreCase)
        .All(now => old.Where(each => each.Header.Equals(now.Key, StringComparison.OrdinalIgnoreCase)).ToList() is { Count: > 0 } had
            && had.TrueForAll(each => now.Any(token => token.Issuer == each.Issuer && token.Jwks == each.Jwks
                && (token.Audiences.Count == 0 || (each.Audiences.Count > 0 && each.Audiences.All(token.Audiences.Contains))))));

    private static string Why(ListenerJudge next, SeenCall call, bool isOpen) => !isOpen ? ""
        : string.Join(", ", next.NotReported(call)) is { Length: > 0 } what ? $"it asks for {what}, which reports do not tell"
        : call.Caller.Length == 0 ? "they may be health checks" : "not all of it is told by reports";

    private sealed class Judges(ResolvedMesh mesh)
    {
        private readonly Dictionary<(string, string, string, int), ListenerJudge?> _judges = [];

        public ListenerJudge? Of(SeenCall call)
        {
            var key = (call.Namespace, call.Service, call.Workload, call.Port);
            if (!_judges.TryGetValue(key, out var judge))
            {
                judge = ListenerJudge.Of(mesh, call.Namespace, call.Service, call.Workload, call.Port);
                _judges.Add(key, judge);
            }

            return judge;
        }
    }
}

/// <summary>Calls that a change would cut off.</summary>
/// <param name="Call">What was seen.</param>
/// <param name="Policy">The policy that denies them, NAMESPACE/NAME.</param>
/// <param name="IsAudit">It is in audit mode: it would deny them if it were enforced.</param>
/// <param name="IsSure">They are denied; else some of them may be.</param>
/// <param name="Why">Why that is not known; empty when it is.</param>
public sealed record DeniedCall(SeenCall Call, string Policy, bool IsAudit, bool IsSure, string Why);
