using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>Fields of an AuthorizationPolicy.</summary>
internal static class AuthorizationPolicyTable
{
    private const int MostValues = 256;

    private static readonly MapShape Labels =
        new() { CheckKey = Names.CheckLabelKey, CheckValue = Names.CheckLabelValue };

    private static readonly ObjectShape<PolicySelector> Selector = new(
        new Field<PolicySelector, string>(
            "service",
            SharedShapes.Label,
            s => s.Service,
            (s, v) => s with { Service = v },
            "Service of the workloads; empty = any."),
        new Field<PolicySelector, string>(
            "version",
            SharedShapes.AnyText,
            s => s.Version,
            (s, v) => s with { Version = v },
            "Version of the workloads; empty = any."),
        new Field<PolicySelector, EquatableMap>(
            "labels",
            Labels,
            s => s.Labels,
            (s, v) => s with { Labels = v },
            "Labels that the workloads must have."));

    private static readonly ObjectShape<PolicySource> Source = new(
        Texts<PolicySource>(
            "principals",
            AuthorizationRules.CheckPrincipal,
            s => s.Principals,
            (s, v) => s with { Principals = v },
            "SPIFFE IDs of callers; a * at the end stands for any rest, alone for any verified caller."),
        Texts<PolicySource>(
            "serviceAccounts",
            AuthorizationRules.CheckAccount,
            s => s.ServiceAccounts,
            (s, v) => s with { ServiceAccounts = v },
            "Service accounts of callers: NAME in this namespace, or NAMESPACE/NAME."),
        Texts<PolicySource>(
            "namespaces",
            Names.CheckLabel,
            s => s.Namespaces,
            (s, v) => s with { Namespaces = v },
            "Namespaces of verified callers."),
        Texts<PolicySource>(
            "networks",
            AuthorizationRules.CheckNetwork,
            s => s.Networks,
            (s, v) => s with { Networks = v },
            "Addresses of the connection's peer: IP or IP/BITS."),
        new UnsupportedField<PolicySource>("jwtClaims"))
    {
        Check = static (value, map, reading) =>
        {
            if (value.IsEmpty && !map.Has("jwtClaims") && map.Entries.All(entry => IsEmpty(entry.Value)))
            {
                reading.Add(map, "names nobody; leave out \"from\" to mean any caller");
            }
        },
    };

    private static readonly ObjectShape<PolicyOperation> Operation = new(
        new Field<PolicyOperation, EquatableList<int>>(
            "ports",
            new ListShape<int>(SharedShapes.Port) { Max = MostValues },
            o => o.Ports,
            (o, v) => o with { Ports = v },
            "Ports of the service, as callers name them."),
        Texts<PolicyOperation>(
            "hosts",
            AuthorizationRules.CheckHost,
            o => o.Hosts,
            (o, v) => o with { Hosts = v },
            "Host names that are asked for; *. stands for any first part, the port does not matter."),
        Texts<PolicyOperation>(
            "methods",
            AuthorizationRules.CheckMethod,
            o => o.Methods,
            (o, v) => o with { Methods = v },
            "Methods of HTTP."),
        Texts<PolicyOperation>(
            "paths",
            AuthorizationRules.CheckPath,
            o => o.Paths,
            (o, v) => o with { Paths = v },
            "Canonical paths without query; a * at the end stands for any rest."),
        Texts<PolicyOperation>(
            "grpcMethods",
            AuthorizationRules.CheckGrpcMethod,
            o => o.GrpcMethods,
            (o, v) => o with { GrpcMethods = v },
            "Calls of gRPC: package.Service/Method or package.Service/*."),
        new Field<PolicyOperation, EquatableList<HttpValueMatch>>(
            "headers",
            RouteShapes.Values(4096),
            o => o.Headers,
            (o, v) => o with { Headers = v },
            "Header fields, all of which must match; callers write them, so they prove nothing."))
    {
        Check = static (value, map, reading) =>
        {
            if (map.Entries.All(entry => IsEmpty(entry.Value)))
            {
                reading.Add(map, "names nothing; leave out \"to\" to mean any call");
            }
        },
    };

    private static readonly ObjectShape<PolicyRule> Rule = new(
        new Field<PolicyRule, EquatableList<PolicySource>>(
            "from",
            new ListShape<PolicySource>(Source) { Max = 64 },
            r => r.From,
            (r, v) => r with { From = v },
            "Callers, any of these; anybody when absent."),
        new Field<PolicyRule, EquatableList<PolicyOperation>>(
            "to",
            new ListShape<PolicyOperation>(Operation) { Max = 64 },
            r => r.To,
            (r, v) => r with { To = v },
            "What they call, any of these; anything when absent."));

    private static readonly ObjectShape<AuthorizationPolicySpec> Spec = new(
        new Field<AuthorizationPolicySpec, PolicySelector>(
            "selector",
            Selector,
            s => s.Selector,
            (s, v) => s with { Selector = v },
            "Workloads that are called; the whole namespace when empty."),
        new Field<AuthorizationPolicySpec, PolicyAction>(
            "action",
            new EnumShape<PolicyAction>(("allow", PolicyAction.Allow), ("deny", PolicyAction.Deny)),
            s => s.Action,
            (s, v) => s with { Action = v },
            "allow: what no rule of any allow policy matches is denied; deny: what a rule matches is denied."),
        new Field<AuthorizationPolicySpec, PolicyMode>(
            "mode",
            new EnumShape<PolicyMode>(("enforce", PolicyMode.Enforce), ("audit", PolicyMode.Audit)),
            s => s.Mode,
            (s, v) => s with { Mode = v },
            "audit: what would be denied is logged and counted, and passes."),
        new UnsupportedField<AuthorizationPolicySpec>("jwt"),
        new Field<AuthorizationPolicySpec, EquatableList<PolicyRule>>(
            "rules",
            new ListShape<PolicyRule>(Rule) { Max = 256 },
            s => s.Rules,
            (s, v) => s with { Rules = v },
            "Any of them has to match; none with action allow denies everything."))
    {
        Check = static (value, map, reading) =>
        {
            if (value is { Action: PolicyAction.Deny, Rules.Count: 0 } && map.Find("rules") is null or ListNode { Items.Count: 0 })
            {
                reading.Add(
                    map.Find("action") ?? map,
                    "action",
                    "deny without rules denies nothing; write rules: [{}] to deny everything");
            }
        },
    };

    public static readonly ObjectShape<AuthorizationPolicy> Shape =
        ObjectTable.Build<AuthorizationPolicy, AuthorizationPolicySpec>(
            ObjectMetaTable.WithSubdomain, Spec, p => p.Spec, (p, v) => p with { Spec = v });

    private static bool IsEmpty(Node node) =>
        node is ScalarNode { IsNull: true } or ListNode { Items.Count: 0 } or MapNode { Entries.Count: 0 };

    private static Field<T, EquatableList<string>> Texts<T>(
        string name,
        Func<string, string?> check,
        Func<T, EquatableList<string>> get,
        Func<T, EquatableList<string>, T> set,
        string doc) => new(
            name,
            new ListShape<string>(new TextShape { MinLength = 1, MaxLength = 1024, Check = check }) { Max = MostValues },
            get,
            set,
            doc);
}
