using Banyan.Model;
using Xunit;

namespace Banyan.Tests.Model;

/// <summary>What is suggested allows what it is made of, and nothing that was rare, and is YAML that can be applied.</summary>
public sealed class PolicySuggesterTests
{
    private const string Domain = "spiffe://banyan.local/ns/";
    private static readonly DateTimeOffset Now = new(2030, 1, 8, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void EachCallerMayDoWhatItDidAndWhatIsRareStandsInComments()
    {
        var suggestion = Suggest(
            Http("web"),
            [
                Call(Domain + "default/sa/orders", 100), Call(Domain + "default/sa/orders", 50, "POST"),
                Call(Domain + "shop/sa/cart", 20), Call("spiffe://other/x", 30), Call(Domain + "default/sa/batch", 9),
                Call(Domain + "default/sa/orders", 2, "DELETE"), Call("", 4) with { CallerNames = "default/cron (4 calls)" },
            ]);
        var service = Assert.Single(suggestion.Services);
        Assert.Equal(("web.default", "default/suggested-web", 4L, "default/cron (4 calls)"), (service.Service, service.Policy, service.Plaintext, service.PlaintextCallers));
        Assert.Equal(
            [(Domain + "default/sa/orders", 150L, "GET POST"), (Domain + "shop/sa/cart", 20, "GET"), ("spiffe://other/x", 30, "GET")],
            service.Rules.Select(each => (each.Caller, each.Count, string.Join(' ', each.Operations.SelectMany(own => own.Methods)))));
        Assert.Equal([Domain + "default/sa/batch", Domain + "default/sa/orders"], service.Rare.Select(each => each.Caller));
        Assert.Contains("default/cron", Assert.Single(suggestion.Warnings), StringComparison.Ordinal);

        var policy = Policy(suggestion);
        Assert.Equal(["default/orders", "shop/cart"], policy.Spec.Rules.SelectMany(each => each.From).SelectMany(each => each.ServiceAccounts));
        Assert.Equal(["spiffe://other/x"], policy.Spec.Rules.SelectMany(each => each.From).SelectMany(each => each.Principals));
        Assert.Equal((PolicyMode.Enforce, PolicyAction.Allow, "web"), (policy.Spec.Mode, policy.Spec.Action, policy.Spec.Selector.Service));

        // What is behind a # is a rule once it is taken away.
        var with = suggestion.Yaml.Replace("  # - from", "  - from", StringComparison.Ordinal)
            .Replace("  #   ", "    ", StringComparison.Ordinal);
        Assert.Equal(5, Policy(suggestion with { Yaml = with }).Spec.Rules.Count);
        Assert.All(
            ["100 times", "9 times", "last 2030-01-08", "Covered: 30 of 168 hours, on 4 days", "No report from 2030-01-03", "WARNING"],
            part => Assert.Contains(part.Replace("100", "150", StringComparison.Ordinal), suggestion.Yaml, StringComparison.Ordinal));
    }

    [Fact]
    public void WhatIsNotSeenOrOnlyRareOrDeniedOrPlaintextHasNoPolicy()
    {
        Assert.Contains("no traffic", NoPolicy(Suggest(Http("web"), [])), StringComparison.Ordinal);
        Assert.Contains("is rare", NoPolicy(Suggest(Http("web"), [Call(Domain + "default/sa/orders", 3)])), StringComparison.Ordinal);
        Assert.Contains("nobody with an identity", NoPolicy(Suggest(Http("web"), [Call("", 300)])), StringComparison.Ordinal);
        Assert.Contains(
            "only ever answered 401 or 403",
            NoPolicy(Suggest(Http("web"), [Call(Domain + "default/sa/orders", 300) with { OnlyRefused = true }])),
            StringComparison.Ordinal);
        const string Deny = """
            {apiVersion: banyan.dev/v1alpha1, kind: AuthorizationPolicy, metadata: {name: no}, spec: {selector: {service: web}, action: deny, rules: [{}]}}
            """;
        Assert.Contains(
            "is denied by default/no", NoPolicy(Suggest(Http("web") + Deny, [Call(Domain + "default/sa/orders", 300)])), StringComparison.Ordinal);
        Assert.Null(PolicySuggester.Suggest(Objects(Http("web")), [], 0, Order() with { Service = "nobody" }));
    }

    [Fact]
    public void WhatCameOnOneOfSeveralDaysIsRareAndOneConnectionToo()
    {
        var once = Suggest(Http("web"), [Call(Domain + "default/sa/a", 300), Call(Domain + "default/sa/b", 300) with { Days = 1 }]);
        Assert.Equal([Domain + "default/sa/b"], once.Services[0].Rare.Select(each => each.Caller));
        var young = PolicySuggester.Suggest(
            Objects(Http("web")), [Call(Domain + "default/sa/b", 300) with { Days = 1 }], 0, Order() with { Window = Order().Window with { Days = 2 } })!;
        Assert.Empty(young.Services[0].Rare);
        var tcp = Suggest(
            Http("db", "tcp"),
            [Tcp(Call(Domain + "default/sa/a", 2) with { Service = "db" }), Tcp(Call(Domain + "default/sa/b", 1) with { Service = "db" })]);
        Assert.Equal([Domain + "default/sa/a"], tcp.Services[0].Rules.Select(each => each.Caller));
        Assert.Empty(tcp.Services[0].Rules[0].Operations[0].Methods);
        Assert.Equal([Domain + "default/sa/b"], tcp.Services[0].Rare.Select(each => each.Caller));
    }

    [Fact]
    public void AHealthCheckIsNeverCutOff()
    {
        const string Orders = Domain + "default/sa/orders";

        // Undeclared ports let it pass only where requests are asked about: then rules do, whatever was asked for.
        var health = "health: {http: /healthz}, ";
        var auto = Suggest(Http("web", "", health), [Call(Orders, 300)], SuggestionDetail.Identities);
        Assert.Equal(["GET"], auto.Services[0].Rules[0].Operations[0].Methods);
        Allows(Http("web", "", health), auto, "", "/healthz");

        // Where something else is spoken, too, nothing can be said that lets both pass.
        var both = Suggest(
            Http("web", "", health), [Call(Orders, 300), Tcp(Call(Domain + "default/sa/b", 300))], SuggestionDetail.Methods);
        Assert.Contains("health check of web-v1", NoPolicy(both), StringComparison.Ordinal);
        var declared = Suggest(Http("web", "http", health), [Call(Orders, 300)], SuggestionDetail.Identities);
        Assert.Empty(declared.Services[0].Rules[0].Operations[0].Methods);
        Allows(Http("web", "http", health), declared, "", "/healthz");
    }

    [Fact]
    public void NoTextOfAReportBecomesYaml()
    {
        const string Evil = "spiffe://x/\"]}]\n---\nkind: Mesh\n#\u0085\u2028";
        var suggestion = Suggest(
            Http("web"),
            [
                Call(Domain + "default/sa/orders", 300), Call(Evil, 300), Call(Evil, 1, "PUT"),
                Call("", 4) with { CallerNames = "a\n---\nkind: Mesh" }, Call(Evil, 4, "POST") with { OnlyRefused = true },
            ]);
        Assert.Contains("left out", suggestion.Yaml, StringComparison.Ordinal);
        Assert.Single(Policy(suggestion).Spec.Rules);
        Assert.DoesNotContain("\nkind: Mesh", suggestion.Yaml, StringComparison.Ordinal);
    }

    /// <summary>Whatever was seen: what is suggested can be read, and denies nothing of what it is made of.</summary>
    [Fact]
    public void WhatIsSuggestedDeniesNothingOfWhatItIsMadeOf()
    {
        string[] callers = [Domain + "default/sa/a", Domain + "default/sa/b", Domain + "shop/sa/a", "spiffe://other/ns/x/sa/y", "other", ""];
        string[] methods = ["GET", "POST", "DELETE", "CONNECT", ""];
        PathTemplate[] paths = [new("/a", false), new("/a/b", true), new("/charge", true), new("/~x", false)];
        string[] before =
        [
            "",
            Rules("one", "rules: [{from: [{serviceAccounts: [a]}]}, {to: [{methods: [POST]}]}]"),
            Rules("one", "action: deny, rules: [{to: [{paths: [/a, /b/*]}]}]"),
            Rules("one", "rules: [{to: [{paths: ['/*']}]}]"),
            Rules("one", "mode: audit, rules: []"),
            Rules("suggested-web", "rules: [{}]"),
        ];
        for (var seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var protocol = Pick(["http", "", "tcp", "grpc", "http2"]);
            var objects = Objects(Http("web", protocol, Pick(["", "health: {http: /healthz}, ", "health: {grpc: web}, "])) + Pick(before));
            var calls = Enumerable.Range(0, random.Next(1, 12)).Select(_ => new SeenCall
            {
                Caller = Pick(callers),
                Namespace = "default",
                Service = "web",
                Workload = "web-v1",
                Port = 80,
                Protocol = Pick([SeenProtocol.Http, SeenProtocol.Http, SeenProtocol.Grpc, SeenProtocol.Tcp]),
                Count = random.Next(1, 40),
                Days = random.Next(1, 4),
                FirstSeen = Now.AddHours(-1),
                LastSeen = Now,
            }).Select(each => each.IsHttp
                ? each with { Method = Pick(methods), Paths = random.Next(2) == 0 ? [] : [Pick(paths), Pick(paths)] }
                : each).ToList();
            var detail = Pick([SuggestionDetail.Identities, SuggestionDetail.Methods, SuggestionDetail.Paths]);
            var suggestion = PolicySuggester.Suggest(objects, calls, 0, Order() with { Detail = detail })!;
            var read = ConfigReader.Read("s.yaml", suggestion.Yaml);
            Assert.True(read.Problems.Count == 0, $"{seed}: {string.Join('\n', read.Problems)}\n{suggestion.Yaml}");
            Assert.Equal(suggestion.Services[0].Policy.Length > 0 ? 1 : 0, read.Objects.Count);
            var keys = read.Objects.Select(each => each.Key).ToHashSet();
            var after = objects.Where(each => !keys.Contains(each.Key)).Concat(read.Objects).ToList();
            Assert.Empty(Validator.Check(after));
            var rules = suggestion.Services[0].Rules;
            var proposed = calls.Where(call => !call.OnlyRefused && rules.Any(rule => rule.Caller == call.Caller
                && rule.Operations.Any(to => to.Methods.Count == 0 || to.Methods.Contains(call.Method)))
                && !suggestion.Services[0].Rare.Any(rare => rare.Caller == call.Caller)).ToList();
            var denied = PolicyReplay.Denied(objects, after, proposed).Where(each => !each.IsAudit).ToList();
            Assert.True(denied.Count == 0, $"{seed}: {string.Join('\n', denied)}\n{suggestion.Yaml}");

            T Pick<T>(T[] some) => some[random.Next(some.Length)];
        }
    }

    [Fact]
    public void PathsAreSaidWhereAllAreKnown()
    {
        var told = Call(Domain + "default/sa/a", 300) with { Paths = [new PathTemplate("/charge", false), new PathTemplate("/refund", true)] };
        var rules = Suggest(Http("web"), [told, Call(Domain + "default/sa/b", 300)], SuggestionDetail.Paths).Services[0].Rules;
        Assert.Equal(["/charge", "/refund", "/refund/*"], rules[0].Operations[0].Paths);
        Assert.Empty(rules[1].Operations[0].Paths);
    }

    private static void Allows(string text, SuggestedPolicies suggestion, string from, string path)
    {
        var problem = AuthorizationCheck.Explain(
            Objects(text).Append(Policy(suggestion)), new AuthorizationQuestion(from, "web", 80, "GET", path), out var answer, out _);
        Assert.Null(problem);
        Assert.True(answer!.Allowed, $"{answer}\n{suggestion.Yaml}");
    }

    private static string NoPolicy(SuggestedPolicies suggestion)
    {
        Assert.Equal("", suggestion.Services[0].Policy);
        var read = ConfigReader.Read("s.yaml", suggestion.Yaml);
        Assert.Empty(read.Problems);
        Assert.Empty(read.Objects);
        return string.Join('\n', suggestion.Services[0].Notes);
    }

    private static AuthorizationPolicy Policy(SuggestedPolicies suggestion)
    {
        var read = ConfigReader.Read("s.yaml", suggestion.Yaml);
        Assert.True(read.Problems.Count == 0, $"{string.Join('\n', read.Problems)}\n{suggestion.Yaml}");
        return Assert.IsType<AuthorizationPolicy>(Assert.Single(read.Objects));
    }

    private static SuggestedPolicies Suggest(
        string text, IReadOnlyList<SeenCall> calls, SuggestionDetail detail = SuggestionDetail.Methods) =>
        PolicySuggester.Suggest(Objects(text), calls, 0, Order() with { Detail = detail })!;

    private static SuggestionOrder Order() => new(
        new SuggestionWindow(
            Now.AddDays(-7), Now, Now.AddDays(-6), Now, 30, 4, [new SuggestionGap(Now.AddDays(-5), Now.AddDays(-4))]),
        "",
        "",
        SuggestionDetail.Methods,
        Audit: false,
        RareBelow: 10);

    private static SeenCall Call(string caller, long count, string method = "GET") => new()
    {
        Caller = caller,
        Namespace = "default",
        Service = "web",
        Workload = "web-v1",
        Port = 80,
        Method = method,
        Count = count,
        Days = 2,
        FirstSeen = Now.AddHours(-5),
        LastSeen = Now,
    };

    private static SeenCall Tcp(SeenCall call) => call with { Protocol = SeenProtocol.Tcp, Method = "", Workload = call.Service + "-v1" };

    private static string Rules(string name, string spec) =>
        $$"""
        {apiVersion: banyan.dev/v1alpha1, kind: AuthorizationPolicy, metadata: {name: {{name}} }, spec: {selector: {service: web}, {{spec}} } }
        """;

    private static string Http(string name, string protocol = "http", string more = "") =>
        $$"""
        apiVersion: banyan.dev/v1alpha1
        kind: Workload
        metadata: {name: {{name}}-v1}
        spec: {service: {{name}}, version: v1, {{more}}ports: [{name: main, port: 80{{(protocol.Length > 0 ? ", protocol: " + protocol : "")}}}], addresses: [10.0.0.1]}
        ---

        """;

    private static List<MeshObject> Objects(string text)
    {
        var read = ConfigReader.Read("test.yaml", text);
        Assert.True(read.Problems.Count == 0, string.Join('\n', read.Problems));
        return [.. read.Objects];
    }
}
