using Banyan.Model.Text;
using Banyan.Rules.Tokens;

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
        new Field<PolicySource, EquatableList<PolicyClaim>>(
            "jwtClaims",
            new ClaimsShape(),
            s => s.JwtClaims,
            (s, v) => s with { JwtClaims = v },
            "What a token of an issuer under jwt must say, all of these: claim to a value, or to a list of which any will do."))
    {
        Check = static (value, map, reading) =>
        {
            if (value.IsEmpty && map.Entries.All(entry => IsEmpty(entry.Value)))
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

    private static readonly ObjectShape<PolicyTokenKeys> Keys = new(
        new Field<PolicyTokenKeys, string>(
            "file",
            new TextShape { MaxLength = 1024 },
            k => k.File,
            (k, v) => k with { File = v },
            "A file with a JWK Set, relative to the file of the policy; followed when it changes."),
        new Field<PolicyTokenKeys, string>(
            "url",
            new TextShape { MaxLength = 2048, Check = AuthorizationRules.CheckKeysUrl },
            k => k.Url,
            (k, v) => k with { Url = v },
            "An http or https URL of a JWK Set; the control plane fetches it every five minutes."))
    {
        Check = static (_, map, reading) =>
        {
            var (hasFile, hasUrl) = (Says(map, "file"), Says(map, "url"));
            if (hasFile == hasUrl)
            {
                reading.Add(map, hasFile ? "has file and url; leave out one of them" : "needs a file or a url");
            }
        },
    };

    private static readonly ObjectShape<PolicyToken> Token = new(
        new Field<PolicyToken, string>(
            "issuer",
            new TextShape { MinLength = 1, MaxLength = 1024 },
            t => t.Issuer,
            (t, v) => t with { Issuer = v },
            "Who signs the tokens: the claim iss, exactly.")
        {
            Required = true,
        },
        new Field<PolicyToken, EquatableList<string>>(
            "audiences",
            new ListShape<string>(new TextShape { MinLength = 1, MaxLength = 1024 }) { Max = MostValues },
            t => t.Audiences,
            (t, v) => t with { Audiences = v },
            "One of them must be in the claim aud; tokens meant for anybody are taken when empty."),
        new Field<PolicyToken, PolicyTokenKeys>(
            "jwks",
            Keys,
            t => t.Jwks,
            (t, v) => t with { Jwks = v },
            "The issuer's public keys.")
        {
            Required = true,
        },
        new Field<PolicyToken, string>(
            "header",
            new TextShape { MinLength = 1, MaxLength = 256, Check = AuthorizationRules.CheckTokenHeader },
            t => t.Header,
            (t, v) => t with { Header = v },
            "The header field with the token; in authorization it stands behind Bearer."));

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
        new Field<AuthorizationPolicySpec, EquatableList<PolicyToken>>(
            "jwt",
            new ListShape<PolicyToken>(Token) { Max = 16 },
            s => s.Jwt,
            (s, v) => s with { Jwt = v },
            "Issuers whose tokens count in the rules; a token in their header field that is none of theirs is refused."),
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

            if (value.Jwt.Select(each => each.Header).Distinct(StringComparer.OrdinalIgnoreCase).Count() > TokenLimits.Fields)
            {
                reading.Add(map.Find("jwt") ?? map, "jwt", $"tokens stand in more than {TokenLimits.Fields} header fields; a sidecar looks at so many at most");
            }

            if (value.Jwt.Count == 0 && map.Find("jwt") is null or ListNode { Items.Count: 0 })
            {
                RefuseClaims(map, reading);
            }
        },
    };

    public static readonly ObjectShape<AuthorizationPolicy> Shape =
        ObjectTable.Build<AuthorizationPolicy, AuthorizationPolicySpec>(
            ObjectMetaTable.WithSubdomain, Spec, p => p.Spec, (p, v) => p with { Spec = v });

    /// <summary>Claims without an issuer would never match: the policy would not do what it says.</summary>
    private static void RefuseClaims(MapNode spec, Reading reading)
    {
        var rules = (spec.Find("rules") as ListNode)?.Items ?? [];
        for (var i = 0; i < rules.Count; i++)
        {
            var sources = ((rules[i] as MapNode)?.Find("from") as ListNode)?.Items ?? [];
            for (var j = 0; j < sources.Count; j++)
            {
                if ((sources[j] as MapNode)?.Find("jwtClaims") is MapNode { Entries.Count: > 0 } claims)
                {
                    reading.Add(
                        claims,
                        $"rules[{i}].from[{j}].jwtClaims",
                        "no token is accepted here; say whose under spec.jwt: [{issuer: ..., audiences: [...], jwks: {url: ...}}]");
                }
            }
        }
    }

    private static bool Says(MapNode map, string field) => map.Find(field) is { } node and not ScalarNode { Text.Length: 0 };

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
