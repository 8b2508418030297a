using System.Text;
using Banyan.Model;
using Banyan.Rules;
using Banyan.Rules.Authorization;
using Banyan.Wire.Http1;
using Banyan.Xds;
using Xunit;
using HttpRbac = Banyan.Xds.Authorization.Http.RBAC;
using NetworkRbac = Banyan.Xds.Authorization.Network.RBAC;

namespace Banyan.Tests.Model;

/// <summary>AuthorizationPolicies from their text to the decision of the sidecar's own engine.</summary>
public sealed class AuthorizationPolicyTests
{
    private const string Orders = "spiffe://banyan.local/ns/shop/sa/orders";
    private const string Web = "spiffe://banyan.local/ns/shop/sa/web";
    private const string Elsewhere = "spiffe://banyan.local/ns/other/sa/orders";

    private const string Workloads = """
        {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: payments-v1, namespace: shop, labels: {team: red}},
         spec: {service: payments, version: v1, ports: [{name: http, port: 80}, {name: tcp, port: 5432}, {name: plain, port: 9000}],
                health: {http: /healthz}}}
        ---
        {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: web, namespace: shop}, spec: {service: web, ports: [{name: http, port: 80}]}}
        ---

        """;

    public static TheoryData<string, string, string, string, string> Decisions() => new()
    {
        // Policies; caller; method and path ("" = bytes); port; decision.
        { Policy("a", "rules: [{from: [{principals: ['" + Orders + "']}]}]"), Orders, "GET /", "80", "allowed" },
        { Policy("a", "rules: [{from: [{principals: ['" + Orders + "']}]}]"), Web, "GET /", "80", "NothingAllows shop/a" },
        { Policy("a", "rules: [{from: [{principals: ['" + Orders + "']}]}]"), "", "GET /", "80", "NothingAllows shop/a" },
        { Policy("a", "rules: [{from: [{principals: ['" + Orders + "']}]}]"), Web, "", "5432", "NothingAllows shop/a" },
        { Policy("a", "rules: [{from: [{principals: ['" + Orders + "']}]}]"), Orders, "", "5432", "allowed" },
        { Policy("a", "rules: [{from: [{principals: ['" + Orders + "']}]}]"), Orders, "", "9000", "allowed" },
        { Policy("a", "rules: [{from: [{principals: ['spiffe://banyan.local/ns/shop/*']}]}]"), Web, "GET /", "80", "allowed" },
        { Policy("a", "rules: [{from: [{principals: ['*']}]}]"), Elsewhere, "GET /", "80", "allowed" },
        { Policy("a", "rules: [{from: [{principals: ['*']}]}]"), "", "GET /", "80", "NothingAllows shop/a" },
        { Policy("a", "rules: [{from: [{serviceAccounts: [orders]}]}]"), Orders, "GET /", "80", "allowed" },
        { Policy("a", "rules: [{from: [{serviceAccounts: [orders]}]}]"), Elsewhere, "GET /", "80", "NothingAllows shop/a" },
        { Policy("a", "rules: [{from: [{serviceAccounts: [other/orders]}]}]"), Elsewhere, "GET /", "80", "allowed" },
        { Policy("a", "rules: [{from: [{namespaces: [shop]}]}]"), Web, "GET /", "80", "allowed" },
        { Policy("a", "rules: [{from: [{namespaces: [sho]}]}]"), Web, "GET /", "80", "NothingAllows shop/a" },
        { Policy("a", "rules: [{from: [{namespaces: [shop], serviceAccounts: [other/orders]}]}]"), Elsewhere, "GET /", "80", "NothingAllows shop/a" },
        { Policy("a", "rules: [{from: [{networks: [10.0.0.0/8]}]}]"), "", "GET /", "80", "allowed" },
        { Policy("a", "rules: [{from: [{networks: [10.0.0.2]}]}]"), "", "GET /", "80", "NothingAllows shop/a" },
        { Policy("a", "rules: [{to: [{methods: [POST], paths: [/charge, /refund/*]}]}]"), "", "POST /refund/1", "80", "allowed" },
        { Policy("a", "rules: [{to: [{methods: [POST], paths: [/charge, /refund/*]}]}]"), "", "GET /charge", "80", "NothingAllows shop/a" },
        { Policy("a", "rules: [{to: [{methods: [POST], paths: [/charge, /refund/*]}]}]"), "", "POST /charge2", "80", "NothingAllows shop/a" },
        { Policy("a", "rules: [{to: [{paths: ['*']}]}]"), "", "GET /x", "80", "allowed" },
        { Policy("a", "rules: [{to: [{grpcMethods: [a.B/C]}]}]"), "", "POST /a.B/C", "80", "allowed" },
        { Policy("a", "rules: [{to: [{grpcMethods: [a.B/C]}]}]"), "", "GET /a.B/C", "80", "NothingAllows shop/a" },
        { Policy("a", "rules: [{to: [{grpcMethods: [a.B/*]}]}]"), "", "POST /a.B/D", "80", "allowed" },
        { Policy("a", "rules: [{to: [{hosts: [payments]}]}]"), "", "GET /", "80", "allowed" },
        { Policy("a", "action: deny, rules: [{to: [{hosts: [payments]}]}]"), "", "GET / PAYMENTS.:8080", "80", "Denied shop/a" },
        { Policy("a", "rules: [{to: [{hosts: ['*.shop']}]}]"), "", "GET / payments.shop:80", "80", "allowed" },
        { Policy("a", "rules: [{to: [{hosts: ['*.shop']}]}]"), "", "GET / paymentsxshop", "80", "NothingAllows shop/a" },
        { Policy("a", "rules: [{to: [{headers: [{name: X-Team, value: red}]}]}]"), "", "GET /", "80", "allowed" },
        { Policy("a", "rules: [{to: [{headers: [{name: X-Team, type: RegularExpression, value: 'b.*'}]}]}]"), "", "GET /", "80", "NothingAllows shop/a" },
        { Policy("a", "rules: [{to: [{ports: [80]}]}]"), "", "GET /", "80", "allowed" },
        { Policy("a", "rules: [{to: [{ports: [80]}]}]"), "", "", "5432", "NothingAllows shop/a" },
        { Policy("a", "rules: [{to: [{ports: [5432]}]}]"), "", "GET /", "80", "NothingAllows shop/a" },
        { Policy("a", "rules: [{to: [{ports: [81]}, {paths: [/a]}]}]"), "", "GET /a", "80", "allowed" },

        // Nothing is allowed; one that allows; one that denies before it.
        { Policy("a", "rules: []"), Orders, "GET /", "80", "NothingAllows shop/a" },
        { Policy("a", "rules: []"), Orders, "", "5432", "NothingAllows shop/a" },
        { Policy("a", "rules: []") + Policy("b", "rules: [{}]"), "", "GET /", "80", "allowed" },
        { Policy("z", "rules: [{}]") + Policy("b", "action: deny, rules: [{to: [{paths: [/x]}]}]"), "", "GET /x", "80", "Denied shop/b" },
        { Policy("z", "rules: [{}]") + Policy("b", "action: deny, rules: [{to: [{paths: [/x]}]}]"), "", "GET /y", "80", "allowed" },
        { Policy("b", "action: deny, rules: [{}]"), Orders, "", "5432", "Denied shop/b" },
        { Policy("a", "rules: [{from: [{serviceAccounts: [web]}]}, {to: [{paths: [/a]}]}]"), Orders, "GET /b", "80", "NothingAllows shop/a" },

        // What is asked of requests alone leaves TCP alone; where it is not declared, it is refused.
        { Policy("a", "rules: [{to: [{paths: [/a]}]}]"), "", "", "5432", "allowed" },
        { Policy("a", "action: deny, rules: [{to: [{paths: [/a]}]}]"), "", "", "5432", "allowed" },
        { Policy("a", "rules: [{to: [{paths: [/a]}]}, {from: [{serviceAccounts: [orders]}]}]"), Web, "", "5432", "NothingAllows shop/a" },
        { Policy("a", "rules: [{to: [{paths: [/a]}]}]"), Orders, "", "9000", "NotHttp shop/a" },
        { Policy("a", "action: deny, rules: [{to: [{paths: [/a]}]}]"), Orders, "", "9000", "NotHttp shop/a" },
        { Policy("a", "mode: audit, rules: [{to: [{paths: [/a]}]}]"), Orders, "", "9000", "allowed, audited shop/a" },

        // Audit tells and changes nothing, not even the default.
        { Policy("a", "mode: audit, rules: []"), Orders, "GET /", "80", "allowed, audited shop/a" },
        { Policy("a", "mode: audit, action: deny, rules: [{}]"), Orders, "GET /", "80", "allowed, audited shop/a" },
        { Policy("b", "mode: audit, rules: [{to: [{paths: [/b]}]}]") + Policy("a", "rules: [{to: [{paths: [/a]}]}]"), "", "GET /a", "80", "allowed" },
        { Policy("b", "mode: audit, rules: [{to: [{paths: [/b]}]}]") + Policy("a", "rules: [{to: [{paths: [/a]}]}]"), "", "GET /b", "80", "NothingAllows shop/a" },

        // Whom they select.
        { Policy("a", "selector: {service: web}, rules: []"), "", "GET /", "80", "allowed" },
        { Policy("a", "selector: {service: payments, version: v1, labels: {team: red}}, rules: []"), "", "GET /", "80", "NothingAllows shop/a" },
        { Policy("a", "selector: {version: v2}, rules: []") + Policy("b", "selector: {labels: {team: blue}}, rules: []"), "", "GET /", "80", "allowed" },
        { Policy("a", "rules: []", "other"), "", "GET /", "80", "allowed" },

        // Health is asked for by one request, at one port.
        { Policy("a", "rules: []"), "", "GET /healthz", "80", "allowed" },
        { Policy("a", "action: deny, rules: [{}]"), "", "GET /healthz", "80", "allowed" },
        { Policy("a", "action: deny, rules: [{}]"), "", "GET /healthz/x", "80", "Denied shop/a" },
        { Policy("a", "rules: []"), "", "POST /healthz", "80", "NothingAllows shop/a" },
        { Policy("a", "rules: []"), "", "GET /healthz", "9000", "NothingAllows shop/a" },
    };

    [Theory]
    [MemberData(nameof(Decisions))]
    public void APolicyDecides(string policies, string caller, string request, string port, string decision)
    {
        var table = Table(policies, int.Parse(port));
        Assert.Equal(decision, table is null ? "allowed" : Decide(table, caller, request));
    }

    /// <summary>Only the sidecars that a policy selects get other listeners; the others keep theirs, byte by byte.</summary>
    [Fact]
    public void OnlySelectedSidecarsGetAnotherListener()
    {
        var before = Compile("");
        var after = Compile(Policy("a", "selector: {service: payments}, rules: []"));
        Assert.Equal(Versions(before, "shop/web/0"), Versions(after, "shop/web/0"));
        Assert.NotEqual(Versions(before, "shop/payments-v1/0"), Versions(after, "shop/payments-v1/0"));
        var memory = new CompileMemory();
        MeshCompiler.Compile(Configs.Objects(Workloads.TrimEnd('-', '\n', ' ')), Instances(), memory);
        var changed = MeshCompiler.Compile(
            Configs.Objects(Workloads + Policy("a", "selector: {service: payments}, rules: []")), Instances(), memory);
        Assert.Equal(["shop/payments-v1/0"], changed.Changes!.Nodes);
        Assert.Empty(changed.Changes.Resources);
        Assert.Equal(Versions(after, "shop/payments-v1/0"), Versions(changed, "shop/payments-v1/0"));
    }

    [Fact]
    public void WhatIsLeftOutIsTold()
    {
        var mesh = Compile(Policy("a", "rules: [{to: [{paths: [/a]}]}]") + Policy("b", "selector: {service: nobody}, rules: []"));
        var a = mesh.Statuses[new ObjectKey("AuthorizationPolicy", "shop", "a")].Conditions;
        Assert.Contains(a, each => each is { Type: "RulesApply", IsTrue: false, Reason: "NotHttp" } && each.Message.Contains("payments:5432"));
        var b = mesh.Statuses[new ObjectKey("AuthorizationPolicy", "shop", "b")].Conditions;
        Assert.Contains(b, each => each is { Type: "Selects", IsTrue: false, Reason: "NoWorkload" });
        Assert.Equal(2, mesh.Warnings.Count);
    }

    [Theory]
    [InlineData("shop/web", "payments.shop", 0, "GET", "/a", "denied by shop/only: no rule allows it, and shop/only allows only what its rules say")]
    [InlineData(Orders, "payments.shop", 0, "GET", "/x/../a?b", "allowed by shop/only: shop/only allows it")]
    [InlineData(Orders, "payments.shop", 80, "GET", "/b", "denied by shop/only: no rule allows it, and shop/only allows only what its rules say")]
    [InlineData("", "payments.shop", 80, "GET", "/healthz", "allowed by the health check: the health check allows it")]
    [InlineData("", "payments.shop", 5432, "GET", "/", "allowed by : no policy has a say at this port: allowed")]
    [InlineData("", "payments.shop", 9000, "GET", "/", "denied by shop/only: no rule allows it, and shop/only allows only what its rules say")]
    [InlineData("", "web.shop", 0, "GET", "/", "allowed by : no policy selects it: allowed")]
    [InlineData("shop/web", "payments.shop", 81, "GET", "/", "port: payments.shop has no port 81; it has 80, 5432, 9000")]
    [InlineData("web", "payments.shop", 80, "GET", "/", "from: there is no Workload default/web;")]
    [InlineData("", "payments", 80, "GET", "/", "to: no workload with a port stands behind the service payments.default")]
    [InlineData("", "payments.shop", 80, "GET", "/%2fa", "path: /%2fa is refused by every sidecar")]
    public void ADecisionIsExplained(string from, string to, int port, string method, string path, string expected)
    {
        var objects = Configs.Objects(Workloads + Policy(
            "only", "selector: {service: payments}, rules: [{from: [{serviceAccounts: [orders]}], to: [{paths: [/a]}]}]"));
        var problem = AuthorizationCheck.Explain(objects, new AuthorizationQuestion(from, to, port, method, path), out var answer, out var field);
        var row = answer?.Workloads[0];
        var text = row is null ? $"{field}: {problem}" : $"{(row.Allowed ? "allowed" : "denied")} by {row.Policy}: {row.Reason}";
        Assert.StartsWith(expected, text, StringComparison.Ordinal);
        Assert.Equal(row?.Allowed, answer?.Allowed);
    }

    [Fact]
    public void RawPathsRefusePoliciesThatCompareThem()
    {
        const string Off = """
            {apiVersion: banyan.dev/v1alpha1, kind: Mesh, metadata: {name: default}, spec: {pathNormalization: off}}
            ---

            """;
        Assert.Contains(
            Configs.Problems(Off.Replace("off", "\"off\"") + Policy("a", "rules: [{to: [{paths: [/a]}]}]")),
            each => each.Contains("spec.rules[0].to[0].paths: needs canonical paths", StringComparison.Ordinal));
        Assert.Empty(Configs.Problems(Off.Replace("off", "\"off\"") + Policy("a", "rules: [{to: [{methods: [GET]}]}]")));
    }

    [Fact]
    public void WhatIsWrittenIsWhatWasRead()
    {
        var text = Policy(
            "a",
            "selector: {service: payments}, action: deny, mode: audit, rules: [{from: [{principals: ['*'], networks: [10.0.0.0/8]}], to: [{ports: [80], hosts: [a], methods: [GET], paths: [/a], grpcMethods: [a.B/C], headers: [{name: x, value: y}]}]}]");
        var first = Configs.Objects(text).Single();
        var again = Configs.Objects(ObjectWriter.ToYaml(first)).Single();
        Assert.Equal(((AuthorizationPolicy)first).Spec, ((AuthorizationPolicy)again).Spec);
    }

    private static string Policy(string name, string spec, string scope = "shop") =>
        $$"""
        {apiVersion: banyan.dev/v1alpha1, kind: AuthorizationPolicy, metadata: {name: {{name}}, namespace: {{scope}} }, spec: { {{spec}} } }
        ---

        """;

    private static CompiledMesh Compile(string policies) =>
        MeshCompiler.Compile(Configs.Objects(Workloads + policies), Instances());

    private static string[] Versions(CompiledMesh mesh, string node) =>
        [.. mesh.NodeListeners[node].Select(each => $"{each.Name} {each.Version}")];

    private static WorkloadInstance[] Instances() =>
    [
        Instance("payments-v1", 20000, ("payments", 80), ("payments", 5432), ("payments", 9000)), Instance("web", 21000, ("web", 80)),
    ];

    private static WorkloadInstance Instance(string workload, int first, params (string Service, int Port)[] ports) => new()
    {
        Namespace = "shop",
        Workload = workload,
        State = InstanceState.Ready,
        Secured = true,
        Ports =
        [
            .. ports.Select((each, i) => new InstancePort
            {
                Service = each.Service, ServiceNamespace = "shop", Port = each.Port,
                App = $"127.0.0.1:{first + 100 + i}", Inbound = $"127.0.0.1:{first + i}",
            }),
        ],
    };

    private static AuthorizationTable? Table(string policies, int port)
    {
        var listener = Compile(policies).NodeListeners["shop/payments-v1/0"]
            .Select(each => each.Any.Unpack<Listener>())
            .Single(each => each.Name == $"inbound/payments.shop:{port}");
        var chain = listener.FilterChains[0];
        Assert.Equal(listener.FilterChains[1].Filters, chain.Filters);
        List<AuthorizationFilter> filters = [];
        foreach (var filter in chain.Filters)
        {
            if (filter.TypedConfig.Is(NetworkRbac.Descriptor))
            {
                var rbac = filter.TypedConfig.Unpack<NetworkRbac>();
                filters.Add(new(rbac.Rules, rbac.ShadowRules));
            }
            else if (filter.TypedConfig.Is(HttpConnectionManager.Descriptor))
            {
                foreach (var http in filter.TypedConfig.Unpack<HttpConnectionManager>().HttpFilters.Where(each => each.TypedConfig.Is(HttpRbac.Descriptor)))
                {
                    var rbac = http.TypedConfig.Unpack<HttpRbac>();
                    filters.Add(new(rbac.Rules, rbac.ShadowRules));
                }
            }
        }

        Assert.True(AuthorizationTable.TryCompile(filters, "f", out var table, out var error), error);
        return filters.Count == 0 ? null : table;
    }

    private static string Decide(AuthorizationTable table, string caller, string request)
    {
        var view = new AuthorizationView { Identity = Encoding.ASCII.GetBytes(caller), Peer = [10, 0, 0, 1], Port = 1 };
        if (request.Length > 0)
        {
            var parts = request.Split(' ');
            var host = parts.Length > 2 ? parts[2] : "payments";
            var bytes = Encoding.ASCII.GetBytes($"{parts[0]} {parts[1]} HTTP/1.1\r\nhost: {host}\r\nx-team: red\r\n\r\n");
            var head = new RequestHead();
            Assert.Equal(ParseStatus.Complete, RequestParser.Parse(bytes, head));
            view = new AuthorizationView
            {
                Identity = view.Identity,
                Peer = view.Peer,
                Port = 1,
                IsHttp = true,
                Request = new RequestView { Head = head, Bytes = bytes, Authority = head.Authority(bytes), Path = head.Path(bytes), Query = default },
            };
        }

        var decision = table.Decide(in view);
        return (decision.Allowed ? "allowed" : $"{decision.Reason} {decision.Policy}")
            + (decision.Audited is { } audited ? $", audited {audited}" : "");
    }
}
