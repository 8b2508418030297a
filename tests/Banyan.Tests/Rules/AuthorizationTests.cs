using System.Net;
using System.Text;
using Banyan.Rules.Authorization;
using Banyan.Xds;
using Banyan.Xds.Authorization;
using Google.Protobuf;
using Xunit;
using Action = Banyan.Xds.Authorization.RBAC.Types.Action;
using Policy = Banyan.Xds.Authorization.Policy;

namespace Banyan.Tests.Rules;

/// <summary>Policies of RBAC: what each condition matches, in which order actions count, what is refused.</summary>
public sealed class AuthorizationTests
{
    private const string Orders = "spiffe://banyan.local/ns/shop/sa/orders";

    /// <summary>A rule for callers and one for operations; who calls what; whether it matches.</summary>
    public static TheoryData<string, string, Call, bool> Conditions()
    {
        const string Any = """{"any": true}""";
        const string Exact = $$"""{"authenticated": {"principalName": {"exact": "{{Orders}}" } } }""";
        const string InShop = """{"authenticated": {"principalName": {"prefix": "spiffe://banyan.local/ns/shop/"}}}""";
        var data = new TheoryData<string, string, Call, bool>
        {
            { Any, Any, new(), true },
            { Exact, Any, new(Orders), true },
            { Exact, Any, new(Orders + "2"), false },
            { Exact, Any, new(Orders[..^1]), false },
            { Exact, Any, new(Orders.ToUpperInvariant()), false },
            { Exact, Any, new(), false },
            { InShop, Any, new(Orders), true },
            { InShop, Any, new("spiffe://banyan.local/ns/shopping/sa/orders"), false },
            { InShop, Any, new("spiffe://banyan.local.evil/ns/shop/sa/orders"), false },
            { """{"authenticated": {}}""", Any, new(Orders), true },
            { """{"authenticated": {}}""", Any, new(), false },
            { """{"authenticated": {"principalName": {"exact": ""}}}""", Any, new(), false },
            { """{"authenticated": {"principalName": {"suffix": "/sa/orders"}}}""", Any, new(Orders), true },
            { """{"authenticated": {"principalName": {"safeRegex": {"regex": "spiffe://[^/]+/ns/shop/sa/.*"}}}}""", Any, new(Orders), true },
            { $$"""{"notId": {{Exact}} }""", Any, new(Orders), false },
            { $$"""{"notId": {{Exact}} }""", Any, new(), true },
            { $$"""{"andIds": {"ids": [{{InShop}}, {"notId": {{Exact}} }]} }""", Any, new(Orders), false },
            { $$"""{"andIds": {"ids": [{{InShop}}, {"notId": {{Exact}} }]} }""", Any, new(Orders + "2"), true },
            { $$"""{"orIds": {"ids": [{{Exact}}, {"directRemoteIp": {"addressPrefix": "10.0.0.0", "prefixLen": 8} }]} }""", Any, new(Address: "10.1.2.3"), true },
            { """{"directRemoteIp": {"addressPrefix": "10.0.0.0", "prefixLen": 8}}""", Any, new(Address: "11.1.2.3"), false },
            { """{"directRemoteIp": {"addressPrefix": "10.0.0.0", "prefixLen": 8}}""", Any, new(Address: "::ffff:10.1.2.3"), true },
            { """{"directRemoteIp": {"addressPrefix": "10.0.0.0", "prefixLen": 8}}""", Any, new(Address: "a00::1"), false },
            { """{"directRemoteIp": {"addressPrefix": "10.0.0.0", "prefixLen": 8}}""", Any, new(Address: ""), false },
            { """{"sourceIp": {"addressPrefix": "10.1.2.128", "prefixLen": 25}}""", Any, new(Address: "10.1.2.129"), true },
            { """{"sourceIp": {"addressPrefix": "10.1.2.128", "prefixLen": 25}}""", Any, new(Address: "10.1.2.127"), false },
            { """{"sourceIp": {"addressPrefix": "10.1.2.3"}}""", Any, new(Address: "192.0.2.1"), true },
            { """{"directRemoteIp": {"addressPrefix": "2001:db8::", "prefixLen": 33}}""", Any, new(Address: "2001:db8:7fff::1"), true },
            { """{"directRemoteIp": {"addressPrefix": "2001:db8::", "prefixLen": 33}}""", Any, new(Address: "2001:db8:8000::1"), false },
            { """{"directRemoteIp": {"addressPrefix": "::ffff:10.0.0.0", "prefixLen": 104}}""", Any, new(Address: "10.1.2.3"), true },
            { """{"header": {"name": "x-team", "stringMatch": {"exact": "a"}}}""", Any, new(Field: ("X-Team", "a")), true },
            { """{"header": {"name": "x-team", "stringMatch": {"exact": "a"}}}""", Any, new(Field: ("X-Team", "b")), false },
            { """{"header": {"name": "x-team", "stringMatch": {"exact": "a"}, "invertMatch": true}}""", Any, new(), false },
            { """{"urlPath": {"path": {"exact": "/a"}}}""", Any, new(Path: "/a"), true },
            { Any, """{"urlPath": {"path": {"exact": "/a"}}}""", new(Path: "/a?b=c"), true },
            { Any, """{"urlPath": {"path": {"exact": "/a"}}}""", new(Path: "/a/"), false },
            { Any, """{"urlPath": {"path": {"exact": "/a"}}}""", new(Path: "/A"), false },
            { Any, """{"urlPath": {"path": {"exact": "/a", "ignoreCase": true}}}""", new(Path: "/A"), true },
            { Any, """{"urlPath": {"path": {"prefix": "/a/"}}}""", new(Path: "/a/b"), true },
            { Any, """{"urlPath": {"path": {"prefix": "/a/"}}}""", new(Path: "/ab"), false },
            { Any, """{"header": {"name": ":method", "stringMatch": {"exact": "POST"}}}""", new(Method: "POST"), true },
            { Any, """{"header": {"name": ":method", "stringMatch": {"exact": "POST"}}}""", new(Method: "GET"), false },
            { Any, """{"header": {"name": ":authority", "stringMatch": {"exact": "shop"}}}""", new(Host: "shop"), true },
            { Any, """{"header": {"name": ":authority", "stringMatch": {"exact": "shop"}}}""", new(Host: "shop.evil"), false },
            { Any, """{"destinationPort": 80}""", new(), true },
            { Any, """{"destinationPort": 81}""", new(), false },
            { Any, """{"destinationPortRange": {"start": 80, "end": 81}}""", new(), true },
            { Any, """{"destinationPortRange": {"start": 70, "end": 80}}""", new(), false },
            { Any, """{"notRule": {"destinationPort": 80}}""", new(), false },
            { Any, """{"notRule": {"urlPath": {"path": {"exact": "/a"}}}}""", new(Path: "/b"), true },
            { Any, """{"andRules": {"rules": [{"destinationPort": 80}, {"urlPath": {"path": {"exact": "/a"}}}]}}""", new(Path: "/a"), true },
            { Any, """{"andRules": {"rules": [{"destinationPort": 81}, {"urlPath": {"path": {"exact": "/a"}}}]}}""", new(Path: "/a"), false },
            { Any, """{"orRules": {"rules": [{"destinationPort": 81}, {"urlPath": {"path": {"exact": "/a"}}}]}}""", new(Path: "/a"), true },
        };
        return data;
    }

    [Theory]
    [MemberData(nameof(Conditions))]
    public void AConditionMatches(string caller, string operation, Call call, bool matches)
    {
        var policy = PolicyOf(caller, operation);
        Assert.Equal(matches, Decide(Table(Action.Allow, ("a", policy)), call).Allowed);
        Assert.Equal(!matches, Decide(Table(Action.Deny, ("a", policy)), call).Allowed);
    }

    [Fact]
    public void WhatDeniesIsAskedFirstWhereverItStands()
    {
        var table = Compile(
            Filter(Action.Allow, ("open", PolicyOf())),
            Filter(Action.Deny, ("closed", PolicyOf(operation: """{"urlPath": {"path": {"prefix": "/admin"}}}"""))));
        Assert.Equal(new AuthorizationDecision(DenyReason.Denied, "closed", null), Decide(table, new(Path: "/admin/x")));
        Assert.Equal(new AuthorizationDecision(DenyReason.None, "open", null), Decide(table, new(Path: "/")));
    }

    [Fact]
    public void EveryFilterHasToLetPass()
    {
        var table = Compile(
            Filter(Action.Allow, ("a", PolicyOf(operation: """{"urlPath": {"path": {"exact": "/a"}}}"""))),
            Filter(Action.Allow, ("b", PolicyOf(operation: """{"header": {"name": ":method", "stringMatch": {"exact": "GET"}}}"""))));
        Assert.True(Decide(table, new(Path: "/a")).Allowed);
        Assert.Equal(new AuthorizationDecision(DenyReason.NothingAllows, "b", null), Decide(table, new(Path: "/a", Method: "PUT")));
        Assert.Equal(new AuthorizationDecision(DenyReason.NothingAllows, "a", null), Decide(table, new(Path: "/b")));
    }

    [Fact]
    public void NothingIsAllowedWithoutAPolicyThatAllows() =>
        Assert.Equal(new AuthorizationDecision(DenyReason.NothingAllows, null, null), Decide(Compile(Filter(Action.Allow)), new()));

    [Fact]
    public void EverythingIsAllowedWithoutAFilter() =>
        Assert.Equal(new AuthorizationDecision(DenyReason.None, null, null), Decide(Compile(), new()));

    [Fact]
    public void AShadowTellsAndChangesNothing()
    {
        var shadow = Rules(Action.Allow, ("strict", PolicyOf(caller: """{"authenticated": {}}""")));
        var table = Compile(new AuthorizationFilter(null, shadow));
        Assert.Equal(new AuthorizationDecision(DenyReason.None, null, "strict"), Decide(table, new()));
        Assert.Equal(new AuthorizationDecision(DenyReason.None, null, null), Decide(table, new(Orders)));
        Assert.False(table.AsksRequest);
        var both = Compile(new AuthorizationFilter(Rules(Action.Deny, ("closed", PolicyOf())), shadow));
        Assert.Equal(new AuthorizationDecision(DenyReason.Denied, "closed", "strict"), Decide(both, new()));
    }

    [Fact]
    public void LoggingDecidesNothing() => Assert.True(Decide(Table(Action.Log, ("log", PolicyOf())), new()).Allowed);

    /// <summary>Neither allowed nor left out: a rule about requests is no hole for what is none.</summary>
    [Theory]
    [InlineData(Action.Allow)]
    [InlineData(Action.Deny)]
    public void WhatIsNotHttpIsDeniedWhereRequestsAreAskedOf(Action action)
    {
        var http = PolicyOf(operation: """{"notRule": {"urlPath": {"path": {"exact": "/a"}}}}""");
        var table = Table(action, ("all", PolicyOf(caller: """{"authenticated": {}}""")), ("http", http));
        Assert.True(table.AsksRequest);
        Assert.Equal(new AuthorizationDecision(DenyReason.NotHttp, "http", null), Decide(table, new(Orders, IsHttp: false)));
        var shadow = Compile(new AuthorizationFilter(null, Rules(action, ("http", http))));
        Assert.True(Decide(shadow, new(Orders, IsHttp: false)).Allowed);
    }

    [Fact]
    public void BytesAreJudgedByCallerAndPort()
    {
        var table = Table(Action.Allow, ("a", PolicyOf($$"""{"authenticated": {"principalName": {"exact": "{{Orders}}"} } }""", """{"destinationPort": 80}""")));
        Assert.True(Decide(table, new(Orders, IsHttp: false)).Allowed);
        Assert.False(Decide(table, new(Orders + "2", IsHttp: false)).Allowed);
    }

    /// <summary>What cannot be judged is refused and named: leaving it out would open a door.</summary>
    [Theory]
    [InlineData("""{"metadata": {"filter": "x", "path": [{"key": "p"}, {"key": "sub"}], "value": {"presentMatch": true}}}""", null, "f[0].rules.policies[p].principals[0].metadata.filter: only envoy.filters.http.jwt_authn is supported")]
    [InlineData("""{"metadata": {"filter": "envoy.filters.http.jwt_authn", "path": [{"key": "p"}], "value": {"presentMatch": true}}}""", null, "metadata.path: the key of a payload")]
    [InlineData("""{"metadata": {"filter": "envoy.filters.http.jwt_authn", "path": [{"key": "p"}, {"key": "sub"}]}}""", null, "metadata.value: is needed")]
    [InlineData("""{"metadata": {"filter": "envoy.filters.http.jwt_authn", "path": [{"key": "p"}, {"key": "sub"}], "value": {"boolMatch": true}}}""", null, "BoolMatch is not supported here")]
    [InlineData("""{"remoteIp": {"addressPrefix": "10.0.0.0"}}""", null, "RemoteIp is not supported")]
    [InlineData("""{"filterState": ""}""", null, "FilterState is not supported")]
    [InlineData("""{"custom": ""}""", null, "Custom is not supported")]
    [InlineData("""{"sourcedMetadata": ""}""", null, "SourcedMetadata is not supported")]
    [InlineData("{}", null, "principals[0]: a condition is required")]
    [InlineData("""{"any": false}""", null, "principals[0].any: must be true")]
    [InlineData("""{"andIds": {}}""", null, "principals[0].and_ids.ids: at least one is required")]
    [InlineData("""{"orIds": {}}""", null, "principals[0].or_ids.ids: at least one is required")]
    [InlineData("""{"directRemoteIp": {"addressPrefix": "10.0.0"}}""", null, "'10.0.0' is not an IP address")]
    [InlineData("""{"directRemoteIp": {"addressPrefix": "fe80::1%1"}}""", null, "is not an IP address")]
    [InlineData("""{"directRemoteIp": {"addressPrefix": "10.0.0.0", "prefixLen": 33}}""", null, "33 bits of 10.0.0.0: 0 to 32")]
    [InlineData("""{"authenticated": {"principalName": {"safeRegex": {"regex": "(?=a)"}}}}""", null, "principal_name.safe_regex.regex")]
    [InlineData("""{"authenticated": {"principalName": {}}}""", null, "principal_name: a pattern is required")]
    [InlineData(null, """{"metadata": ""}""", "permissions[0]: Metadata is not supported")]
    [InlineData(null, """{"destinationIp": {"addressPrefix": "10.0.0.0"}}""", "DestinationIp is not supported")]
    [InlineData(null, """{"requestedServerName": ""}""", "RequestedServerName is not supported")]
    [InlineData(null, """{"matcher": ""}""", "Matcher is not supported")]
    [InlineData(null, """{"uriTemplate": ""}""", "UriTemplate is not supported")]
    [InlineData(null, """{"sourcedMetadata": ""}""", "SourcedMetadata is not supported")]
    [InlineData(null, """{"andRules": {}}""", "permissions[0].and_rules.rules: at least one is required")]
    [InlineData(null, """{"orRules": {}}""", "permissions[0].or_rules.rules: at least one is required")]
    [InlineData(null, """{"destinationPort": 65536}""", "ports are 0 to 65535")]
    [InlineData(null, """{"destinationPortRange": {"start": 5, "end": 5}}""", "ports are 0 to 65535")]
    [InlineData(null, """{"urlPath": {}}""", "url_path.path: a pattern is required")]
    [InlineData(null, "{}", "permissions[0]: a condition is required")]
    public void WhatIsNotKnownIsRefused(string? caller, string? operation, string problem)
    {
        var policy = PolicyOf(caller ?? """{"any": true}""", operation ?? """{"any": true}""");
        Assert.Contains(problem, Problem(Rules(Action.Allow, ("p", policy))), StringComparison.Ordinal);
        Assert.Contains(
            problem.Replace("f[0].rules", "f[0].shadow_rules", StringComparison.Ordinal),
            Problem(new AuthorizationFilter(null, Rules(Action.Deny, ("p", policy)))),
            StringComparison.Ordinal);
    }

    [Fact]
    public void AnActionThatIsNotKnownIsRefused() =>
        Assert.Contains("f[0].rules.action: 7 is none of", Problem(Rules((Action)7, ("p", PolicyOf()))), StringComparison.Ordinal);

    [Fact]
    public void ExpressionsAreRefused()
    {
        foreach (var set in new Action<Policy>[]
        {
            policy => policy.Condition = ByteString.Empty,
            policy => policy.CheckedCondition = ByteString.Empty,
            policy => policy.CelConfig = ByteString.Empty,
        })
        {
            var policy = PolicyOf();
            set(policy);
            Assert.Contains("expressions are not supported", Problem(Rules(Action.Allow, ("p", policy))), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void APolicyNeedsBothHalves()
    {
        Assert.Contains("policies[p].permissions: at least one", Problem(Rules(Action.Allow, ("p", new Policy()))), StringComparison.Ordinal);
        Assert.Contains("policies[p].principals: at least one", Problem(Rules(Action.Allow, ("p", new Policy()))), StringComparison.Ordinal);
    }

    [Fact]
    public void DepthAndSizeAreBounded()
    {
        var deep = new Permission { Any = true };
        for (var i = 0; i < 40; i++)
        {
            deep = new Permission { NotRule = deep };
        }

        var policy = new Policy { Permissions = { deep }, Principals = { new Principal { Any = true } } };
        Assert.Contains("more than 16 conditions one inside the other", Problem(Rules(Action.Allow, ("p", policy))), StringComparison.Ordinal);

        var wide = new Policy { Principals = { new Principal { Any = true } } };
        wide.Permissions.AddRange(Enumerable.Repeat(new Permission { Any = true }, AuthorizationLimits.Conditions));
        Assert.Contains($"more than {AuthorizationLimits.Conditions} conditions", Problem(Rules(Action.Allow, ("p", wide))), StringComparison.Ordinal);
    }

    /// <summary>Many policies must answer as trying one after the other does.</summary>
    [Fact]
    public void ManyPoliciesAgreeWithOneAfterTheOther()
    {
        var random = new Random(17);
        var (matched, decided) = (0, 0);
        for (var round = 0; round < 150; round++)
        {
            var policies = Enumerable.Range(0, random.Next(1, 80)).Select(i => ($"p{i}", RandomPolicy(random))).ToArray();
            var table = Table(Action.Allow, policies);
            var alone = policies.Select(policy => Table(Action.Allow, policy)).ToArray();
            for (var n = 0; n < 60; n++)
            {
                var call = new Call(RandomIdentity(random), Path: RandomPath(random), Method: random.Next(2) == 0 ? "GET" : "PUT");
                var expected = alone.Any(each => Decide(each, call).Allowed);
                Assert.True(expected == Decide(table, call).Allowed, $"{call}: {string.Join('\n', policies)}");
                matched += expected ? 1 : 0;
                decided++;
            }
        }

        Assert.InRange(matched, 1_000, decided - 1_000);
    }

    [Fact]
    public void ADecisionAllocatesNothing()
    {
        var random = new Random(3);
        var table = Table(Action.Allow, [.. Enumerable.Range(0, 300).Select(i => ($"p{i}", RandomPolicy(random)))]);
        var calls = Enumerable.Range(0, 20).Select(_ => new Made(new Call(RandomIdentity(random), Path: RandomPath(random)))).ToArray();
        Allocations.AssertNone(() =>
        {
            foreach (var call in calls)
            {
                table.Decide(call.View);
            }
        });
    }

    private static Policy RandomPolicy(Random random)
    {
        var caller = random.Next(6) switch
        {
            0 => $$"""{"authenticated": {"principalName": {"prefix": "{{RandomIdentity(random)[..random.Next(10, 30)]}}"} } }""",
            1 => $$"""{"notId": {"authenticated": {"principalName": {"suffix": "{{random.Next(5)}}"} } } }""",
            2 => $$"""{"orIds": {"ids": [{{Id()}}, {{Id()}}]} }""",
            3 => $$"""{"andIds": {"ids": [{"authenticated": {} }, {{Id()}}]} }""",
            _ => Id(),
        };
        var operation = random.Next(6) switch
        {
            0 => $$"""{"urlPath": {"path": {"prefix": "{{RandomPath(random)[..2]}}"} } }""",
            1 => """{"header": {"name": ":method", "stringMatch": {"exact": "PUT"}}}""",
            2 => $$"""{"andRules": {"rules": [{"header": {"name": ":method", "stringMatch": {"exact": "GET"} } }, {{Path()}}]} }""",
            3 => $$"""{"orRules": {"rules": [{{Path()}}, {{Path()}}]} }""",
            4 => $$"""{"notRule": {{Path()}} }""",
            _ => Path(),
        };
        return PolicyOf(caller, operation);

        string Id() => $$"""{"authenticated": {"principalName": {"exact": "{{RandomIdentity(random)}}"} } }""";
        string Path() => $$"""{"urlPath": {"path": {"exact": "{{RandomPath(random)}}"} } }""";
    }

    private static string RandomIdentity(Random random) => $"spiffe://banyan.local/ns/n{random.Next(3)}/sa/s{random.Next(12)}";

    private static string RandomPath(Random random) => $"/{(char)('a' + random.Next(4))}/{random.Next(4)}";

    private static Policy PolicyOf(string caller = """{"any": true}""", string operation = """{"any": true}""") => new()
    {
        Principals = { Principal.Parser.ParseJson(caller) },
        Permissions = { Permission.Parser.ParseJson(operation) },
    };

    private static RBAC Rules(Action action, params (string Name, Policy Policy)[] policies)
    {
        var rules = new RBAC { Action = action };
        foreach (var (name, policy) in policies)
        {
            rules.Policies.Add(name, policy);
        }

        return rules;
    }

    private static AuthorizationFilter Filter(Action action, params (string Name, Policy Policy)[] policies) => new(Rules(action, policies), null);

    private static AuthorizationTable Table(Action action, params (string Name, Policy Policy)[] policies) => Compile(Filter(action, policies));

    private static AuthorizationTable Compile(params AuthorizationFilter[] filters)
    {
        Assert.True(AuthorizationTable.TryCompile(filters, "f", out var table, out var error), error);
        return table;
    }

    private static string Problem(RBAC rules) => Problem(new AuthorizationFilter(rules, null));

    private static string Problem(AuthorizationFilter filter)
    {
        Assert.False(AuthorizationTable.TryCompile([filter], "f", out _, out var error));
        return error;
    }

    private static AuthorizationDecision Decide(AuthorizationTable table, Call call) => table.Decide(new Made(call).View);

    /// <summary>Who calls what.</summary>
    public sealed record Call(
        string Identity = "",
        string Address = "192.0.2.1",
        string Method = "GET",
        string Path = "/",
        string Host = "shop",
        (string Name, string Value)? Field = null,
        bool IsHttp = true);

    private sealed class Made(Call call)
    {
        private readonly byte[] _identity = Encoding.ASCII.GetBytes(call.Identity);
        private readonly byte[] _peer = call.Address.Length == 0 ? [] : IPAddress.Parse(call.Address).GetAddressBytes();
        private readonly TestRequest _request = new(call.Path, call.Method, call.Host, call.Field is { } field ? [field] : []);

        public AuthorizationView View => new()
        {
            Identity = _identity, Peer = _peer, Port = 80, IsHttp = call.IsHttp, Request = _request.View,
        };
    }
}
