using Banyan.Rules.Authorization;
using Banyan.Rules.Matching;
using Banyan.Rules.Tokens;
using Banyan.Xds;
using Banyan.Xds.Authorization;
using Policy = Banyan.Rules.Authorization.Policy;

namespace Banyan.Rules.Compilation;

/// <summary>Compiles RBAC to conditions. What is not supported is refused: a rule that was left out would open a door.</summary>
internal sealed class RbacCompiler(CompileErrors errors)
{
    private const int MaxPort = 65_535;

    /// <summary>Of one inside the other; bounds the stack of compiling and of deciding.</summary>
    private const int MaxDepth = 16;

    private readonly ConditionCompiler _conditions = new(errors, new RegexCompilation(errors));
    private readonly ClaimCompiler _claims = new(errors);
    private int _count;

    /// <summary>The claims that the policies compiled so far ask for, by their slots.</summary>
    public IReadOnlyList<ClaimPath> Claims => _claims.Paths;

    /// <summary>The policies, sorted by name.</summary>
    public List<Policy> Compile(RBAC rules, string at)
    {
        List<Policy> policies = [];
        foreach (var (name, policy) in rules.Policies.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            var here = $"{at}.policies[{name}]";
            if (name.AsSpan().IndexOfAnyExceptInRange(' ', '~') >= 0)
            {
                // It is written into a field of the answer.
                errors.Add(here, "a policy's name is visible ASCII");
            }

            if (policy.HasCondition || policy.HasCheckedCondition || policy.HasCelConfig)
            {
                errors.Add($"{here}.condition", "expressions are not supported");
            }

            Require(policy.Permissions.Count, $"{here}.permissions");
            Require(policy.Principals.Count, $"{here}.principals");
            policies.Add(new Policy(
                name,
                Some(policy.Principals.Select((each, i) => Caller(each, $"{here}.principals[{i}]", 1))),
                Some(policy.Permissions.Select((each, i) => Operation(each, $"{here}.permissions[{i}]", 1)))));
        }

        return policies;
    }

    private static Condition Some(IEnumerable<Condition> parts) => parts.ToArray() switch
    {
        [var one] => one,
        var several => new AnyOf(several),
    };

    private Condition Operation(Permission permission, string at, int depth)
    {
        if (IsTooMuch(at, depth))
        {
            return new Anything();
        }

        switch (permission.RuleCase)
        {
            case Permission.RuleOneofCase.AndRules:
                Require(permission.AndRules.Rules.Count, $"{at}.and_rules.rules");
                return new All([.. permission.AndRules.Rules.Select((each, i) => Operation(each, $"{at}.and_rules.rules[{i}]", depth + 1))]);
            case Permission.RuleOneofCase.OrRules:
                Require(permission.OrRules.Rules.Count, $"{at}.or_rules.rules");
                return Some(permission.OrRules.Rules.Select((each, i) => Operation(each, $"{at}.or_rules.rules[{i}]", depth + 1)));
            case Permission.RuleOneofCase.Any:
                return Always(permission.Any, $"{at}.any");
            case Permission.RuleOneofCase.Header:
                return new FieldCondition(_conditions.Header(permission.Header, $"{at}.header"));
            case Permission.RuleOneofCase.DestinationPort:
                return Ports(permission.DestinationPort, permission.DestinationPort + 1L, $"{at}.destination_port");
            case Permission.RuleOneofCase.DestinationPortRange:
                return Ports(permission.DestinationPortRange.Start, permission.DestinationPortRange.End, $"{at}.destination_port_range");
            case Permission.RuleOneofCase.NotRule:
                return new Not(Operation(permission.NotRule, $"{at}.not_rule", depth + 1));
            case Permission.RuleOneofCase.UrlPath:
                return Path(permission.UrlPath, $"{at}.url_path");
            default:
                return Unsupported(permission.RuleCase, permission.RuleCase == Permission.RuleOneofCase.None, at);
        }
    }

    private Condition Caller(Principal principal, string at, int depth)
    {
        if (IsTooMuch(at, depth))
        {
            return new Anything();
        }

        switch (principal.IdentifierCase)
        {
            case Principal.IdentifierOneofCase.AndIds:
                Require(principal.AndIds.Ids.Count, $"{at}.and_ids.ids");
                return new All([.. principal.AndIds.Ids.Select((each, i) => Caller(each, $"{at}.and_ids.ids[{i}]", depth + 1))]);
            case Principal.IdentifierOneofCase.OrIds:
                Require(principal.OrIds.Ids.Count, $"{at}.or_ids.ids");
                return Some(principal.OrIds.Ids.Select((each, i) => Caller(each, $"{at}.or_ids.ids[{i}]", depth + 1)));
            case Principal.IdentifierOneofCase.Any:
                return Always(principal.Any, $"{at}.any");
            case Principal.IdentifierOneofCase.Authenticated:
                var name = principal.Authenticated.PrincipalName;
                return new IdentityCondition(name is null ? null : _conditions.Text(name, $"{at}.authenticated.principal_name"));
            case Principal.IdentifierOneofCase.SourceIp:
                return Of(principal.SourceIp, $"{at}.source_ip");
            case Principal.IdentifierOneofCase.DirectRemoteIp:
                return Of(principal.DirectRemoteIp, $"{at}.direct_remote_ip");
            case Principal.IdentifierOneofCase.Header:
                return new FieldCondition(_conditions.Header(principal.Header, $"{at}.header"));
            case Principal.IdentifierOneofCase.UrlPath:
                return Path(principal.UrlPath, $"{at}.url_path");
            case Principal.IdentifierOneofCase.Metadata:
                return _claims.Claim(principal.Metadata, _conditions, $"{at}.metadata");
            case Principal.IdentifierOneofCase.NotId:
                return new Not(Caller(principal.NotId, $"{at}.not_id", depth + 1));
            default:
                // remote_ip too: it follows headers, which anybody can write.
                return Unsupported(principal.IdentifierCase, principal.IdentifierCase == Principal.IdentifierOneofCase.None, at);
        }
    }

    private bool IsTooMuch(string at, int depth)
    {
        if (++_count > AuthorizationLimits.Conditions)
        {
            if (_count == AuthorizationLimits.Conditions + 1)
            {
                errors.Add(at, $"more than {AuthorizationLimits.Conditions} conditions together");
            }

            return true;
        }

        if (depth > MaxDepth)
        {
            errors.Add(at, $"more than {MaxDepth} conditions one inside the other");
        }

        return depth > MaxDepth;
    }

    private Anything Always(bool value, string at)
    {
        if (!value)
        {
            errors.Add(at, "must be true");
        }

        return new Anything();
    }

    private PathCondition Path(PathMatcher matcher, string at) => new(_conditions.Text(matcher.Path ?? new StringMatcher(), $"{at}.path"));

    private PortCondition Ports(long start, long end, string at)
    {
        if (start < 0 || end > MaxPort + 1 || start >= end)
        {
            errors.Add(at, $"{start} to {end}: ports are 0 to {MaxPort}, the end is not one of them");
        }

        return new PortCondition((int)Math.Clamp(start, 0, MaxPort), (int)Math.Clamp(end, 0, MaxPort + 1));
    }

    private Condition Of(CidrRange range, string at)
    {
        if (Network.TryCreate(range.AddressPrefix, range.PrefixLen ?? 0, out var network, out var problem))
        {
            return new NetworkCondition(network);
        }

        errors.Add(at, problem);
        return new Anything();
    }

    private Anything Unsupported(Enum what, bool isNothing, string at)
    {
        errors.Add(at, isNothing ? "a condition is required, or it is one that is not known here" : $"{what} is not supported");
        return new Anything();
    }

    private void Require(int count, string at)
    {
        if (count == 0)
        {
            errors.Add(at, "at least one is required");
        }
    }
}
