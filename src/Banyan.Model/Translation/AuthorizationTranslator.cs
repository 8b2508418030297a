using Banyan.Xds;
using Banyan.Xds.Authorization;
using HttpRbac = Banyan.Xds.Authorization.Http.RBAC;
using NetworkRbac = Banyan.Xds.Authorization.Network.RBAC;
using RbacAction = Banyan.Xds.Authorization.RBAC.Types.Action;
using XdsPolicy = Banyan.Xds.Authorization.Policy;

namespace Banyan.Model;

/// <summary>AuthorizationPolicies to RBAC filters: one that denies, then one that allows.</summary>
/// <remarks>
/// A rule is a policy of RBAC, <c>NAMESPACE/NAME</c>, or <c>NAMESPACE/NAME#RULE</c> where the object has several. Names
/// that begin with <c>~</c> sort behind them and belong to no object, or to one that is not the reason.
/// </remarks>
internal static class AuthorizationTranslator
{
    private const string HttpName = "envoy.filters.http.rbac";
    private const string NetworkName = "envoy.filters.network.rbac";
    private const string Behind = "~";

    /// <summary>Puts the filters before the router.</summary>
    public static void Guard(HttpConnectionManager manager, AuthorizationPlan plan)
    {
        var at = 0;
        if (new TokenTranslator(plan).Packed() is { } tokens)
        {
            manager.HttpFilters.Insert(at++, tokens);
        }

        foreach (var (rules, shadow) in Filters(plan))
        {
            var config = new HttpRbac { Rules = rules, ShadowRules = shadow };
            manager.HttpFilters.Insert(at++, new HttpFilter { Name = HttpName, TypedConfig = Encode.Any(config) });
        }
    }

    /// <summary>Puts the filters before the one that relays.</summary>
    public static void Guard(FilterChain chain, string name, AuthorizationPlan plan)
    {
        var at = 0;
        foreach (var (rules, shadow) in Filters(plan))
        {
            var config = new NetworkRbac { Rules = rules, ShadowRules = shadow, StatPrefix = name };
            chain.Filters.Insert(at++, new Filter { Name = NetworkName, TypedConfig = Encode.Any(config) });
        }
    }

    /// <summary>What is enforced and what is only told, in the order in which it is asked.</summary>
    internal static IEnumerable<(RBAC? Rules, RBAC? Shadow)> Filters(AuthorizationPlan plan)
    {
        if (plan.Policies.Count == 0)
        {
            yield break;
        }

        var probe = Probe(plan);
        var tokens = new TokenTranslator(plan);
        var deny = Compile(plan, tokens, PolicyAction.Deny);
        var allow = Compile(plan, tokens, PolicyAction.Allow);
        var denied = (Deny(deny.Enforced, probe), Deny(deny.Audited, probe));
        if (denied is not (null, null))
        {
            yield return denied;
        }

        // What is audited would be one more that allows, beside those that are enforced.
        var together = allow.Audited.Count == 0
            ? []
            : allow.Audited.Concat(allow.Enforced.Select(each => (Behind + each.Name, each.Policy))).ToList();
        var allowed = (Allow(allow.Enforced, probe), Allow(together, probe));
        if (allowed is not (null, null))
        {
            yield return allowed;
        }
    }

    private static (List<(string Name, XdsPolicy Policy)> Enforced, List<(string Name, XdsPolicy Policy)> Audited) Compile(
        AuthorizationPlan plan, TokenTranslator tokens, PolicyAction action)
    {
        List<(string, XdsPolicy)> enforced = [], audited = [];
        foreach (var policy in plan.Policies.Where(each => each.Spec.Action == action))
        {
            (policy.Spec.Mode == PolicyMode.Audit ? audited : enforced).AddRange(Rules(policy, plan, tokens));
        }

        return (enforced, audited);
    }

    private static IEnumerable<(string Name, XdsPolicy Policy)> Rules(
        AuthorizationPolicy policy, AuthorizationPlan plan, TokenTranslator tokens)
    {
        var rules = policy.Spec.Rules;
        var name = policy.FullName;
        var made = 0;
        var leftOut = 0;
        for (var i = 0; i < rules.Count; i++)
        {
            switch (PolicyRuleTranslator.TryTranslate(rules[i], policy, plan, tokens, out var rule))
            {
                case RuleOutcome.Applies:
                    made++;
                    yield return (rules.Count == 1 ? name : $"{name}#{i}", rule!);
                    break;
                case RuleOutcome.NotForTcp:
                    leftOut++;
                    break;
            }
        }

        // TCP is never cut because all that was said is about HTTP.
        if (made == 0 && policy.Spec.Action == PolicyAction.Allow && (rules.Count == 0 || leftOut < rules.Count))
        {
            yield return (name, new XdsPolicy { Permissions = { Never() }, Principals = { new Principal { Any = true } } });
        }
    }

    private static RBAC? Deny(List<(string Name, XdsPolicy Policy)> policies, Permission? probe)
    {
        if (policies.Count == 0)
        {
            return null;
        }

        var rbac = new RBAC { Action = RbacAction.Deny };
        foreach (var (name, policy) in policies)
        {
            var made = policy;
            if (probe is not null)
            {
                var some = new Permission { OrRules = new Permission.Types.Set { Rules = { policy.Permissions } } };
                var both = new Permission.Types.Set { Rules = { some, new Permission { NotRule = probe } } };
                made = new XdsPolicy
                {
                    Permissions = { new Permission { AndRules = both } }, Principals = { policy.Principals },
                };
            }

            rbac.Policies.Add(name, made);
        }

        return rbac;
    }

    private static RBAC? Allow(List<(string Name, XdsPolicy Policy)> policies, Permission? probe)
    {
        if (policies.Count == 0)
        {
            return null;
        }

        var rbac = new RBAC { Action = RbacAction.Allow };
        foreach (var (name, policy) in policies)
        {
            rbac.Policies.Add(name, policy);
        }

        if (probe is not null)
        {
            rbac.Policies.Add(
                Behind + "health",
                new XdsPolicy { Permissions = { probe }, Principals = { new Principal { Any = true } } });
        }

        return rbac;
    }

    /// <summary>
    /// The one request by which health is asked for; null where there is none. On an undeclared port it may only be asked
    /// for where the policies ask about requests anyway: else all that is not HTTP would be refused for its sake.
    /// </summary>
    private static Permission? Probe(AuthorizationPlan plan)
    {
        var asks = plan.Protocol != PortProtocol.Auto || plan.Policies.Any(policy =>
            policy.Spec.Mode == PolicyMode.Enforce && policy.Spec.Rules.Any(rule => rule.AsksRequest));
        if (!plan.IsHttp || !asks || plan.Probe?.Health is not { } health)
        {
            return null;
        }

        return health.Grpc is not null
            ? PolicyRuleTranslator.Call("POST", "/grpc.health.v1.Health/Check")
            : health.Http.Length > 0 ? PolicyRuleTranslator.Call("GET", health.Http.Split('?')[0]) : null;
    }

    private static Permission Never() => new() { NotRule = new Permission { Any = true } };
}
