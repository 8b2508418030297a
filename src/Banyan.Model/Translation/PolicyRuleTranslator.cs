using Banyan.Xds;
using Banyan.Xds.Authorization;
using XdsPolicy = Banyan.Xds.Authorization.Policy;

namespace Banyan.Model;

/// <summary>What becomes of a rule at a port.</summary>
internal enum RuleOutcome
{
    Applies,

    /// <summary>It is for other ports.</summary>
    OtherPort,

    /// <summary>It asks for what only HTTP has, and the port's bytes are relayed unread.</summary>
    NotForTcp,
}

/// <summary>One rule of an AuthorizationPolicy at one port, as RBAC has it.</summary>
internal static class PolicyRuleTranslator
{
    public static RuleOutcome TryTranslate(
        PolicyRule rule, AuthorizationPolicy owner, AuthorizationPlan plan, TokenTranslator tokens, out XdsPolicy? policy)
    {
        policy = null;
        var made = new XdsPolicy();
        var leftOut = 0;
        foreach (var operation in rule.To)
        {
            if (operation.AsksRequest && !plan.IsHttp)
            {
                leftOut++;
            }
            else if (operation.Ports.Count == 0 || operation.Ports.Contains(plan.Port))
            {
                made.Permissions.Add(Operation(operation));
            }
        }

        if (rule.To.Count == 0)
        {
            made.Permissions.Add(new Permission { Any = true });
        }

        if (made.Permissions.Count == 0)
        {
            return leftOut == rule.To.Count ? RuleOutcome.NotForTcp : RuleOutcome.OtherPort;
        }

        made.Principals.AddRange(rule.From
            .Where(source => plan.IsHttp || !source.AsksRequest)
            .Select(source => Source(source, owner, plan, tokens)));
        if (rule.From.Count == 0)
        {
            made.Principals.Add(new Principal { Any = true });
        }

        // Nobody is left: all that was said of callers is about tokens.
        if (made.Principals.Count == 0)
        {
            return RuleOutcome.NotForTcp;
        }

        policy = made;
        return RuleOutcome.Applies;
    }

    /// <summary>One exact request.</summary>
    public static Permission Call(string method, string path) => All([Method(method), Path(path)]);

    private static Principal Source(
        PolicySource source, AuthorizationPolicy owner, AuthorizationPlan plan, TokenTranslator tokens)
    {
        var scope = owner.Metadata.Namespace;
        var domain = WorkloadIdentity.Domain(plan.TrustDomain);
        List<Principal> all = [];
        Add(source.Principals.Select(Identity));
        Add(source.ServiceAccounts.Select(account => account.Split('/') is [var space, var name]
            ? Identity($"{domain}/ns/{space}/sa/{name}")
            : Identity($"{domain}/ns/{scope}/sa/{account}")));
        Add(source.Namespaces.Select(space => Identity($"{domain}/ns/{space}/*")));
        Add(source.Networks.Select(Network));
        if (source.JwtClaims.Count > 0)
        {
            all.AddRange(tokens.Claims(owner, plan.KeysOf(owner), source.JwtClaims));
        }

        if (all.Count == 1)
        {
            return all[0];
        }

        return new Principal { AndIds = new Principal.Types.Set { Ids = { all } } };

        void Add(IEnumerable<Principal> some)
        {
            Principal[] any = [.. some];
            if (any.Length > 0)
            {
                all.Add(any.Length == 1 ? any[0] : new Principal { OrIds = new Principal.Types.Set { Ids = { any } } });
            }
        }
    }

    private static Principal Identity(string text) => new()
    {
        Authenticated = text == "*"
            ? new Principal.Types.Authenticated()
            : new Principal.Types.Authenticated { PrincipalName = Text(text) },
    };

    private static Principal Network(string text)
    {
        AuthorizationRules.TryReadNetwork(text, out var address, out var bits);
        return new Principal { DirectRemoteIp = new CidrRange { AddressPrefix = address, PrefixLen = (uint)bits } };
    }

    private static Permission Operation(PolicyOperation operation)
    {
        List<Permission> all = [];
        Add(operation.Hosts.Select(Host));
        Add(operation.Methods.Select(Method));
        Add(operation.Paths.Select(Path));
        Add(operation.GrpcMethods.Select(call => All([Method("POST"), Path("/" + call)])));
        foreach (var header in operation.Headers)
        {
            all.Add(Header(header.Name.ToLowerInvariant(), header.Type == ValueMatchType.Exact
                ? new StringMatcher { Exact = header.Value }
                : new StringMatcher { SafeRegex = new RegexMatcher { Regex = header.Value } }));
        }

        // The port is the listener's own: nothing of it is left to be asked.
        return all.Count == 0 ? new Permission { Any = true } : All(all);

        void Add(IEnumerable<Permission> some)
        {
            Permission[] any = [.. some];
            if (any.Length > 0)
            {
                all.Add(any.Length == 1 ? any[0] : new Permission { OrRules = new Permission.Types.Set { Rules = { any } } });
            }
        }
    }

    private static Permission All(List<Permission> parts) =>
        parts.Count == 1 ? parts[0] : new Permission { AndRules = new Permission.Types.Set { Rules = { parts } } };

    private static Permission Method(string method) => Header(":method", new StringMatcher { Exact = method });

    private static Permission Path(string path) =>
        new() { UrlPath = new PathMatcher { Path = path == "*" ? Text("/*") : Text(path) } };

    /// <summary>A name is the same in capitals, with the root's dot, and with whatever port behind it.</summary>
    private static Permission Host(string host)
    {
        var name = (host[0] == '*' ? host[1..] : host).Replace(".", "\\.", StringComparison.Ordinal);
        var regex = $"(?i){(host[0] == '*' ? ".+" : "")}{name}\\.?(:[0-9]*)?";
        return Header(":authority", new StringMatcher { SafeRegex = new RegexMatcher { Regex = regex } });
    }

    private static Permission Header(string name, StringMatcher value) =>
        new() { Header = new HeaderMatcher { Name = name, StringMatch = value } };

    private static StringMatcher Text(string text) => text[^1] == '*'
        ? new StringMatcher { Prefix = text[..^1] }
        : new StringMatcher { Exact = text };
}
