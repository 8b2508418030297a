using Banyan.Cli.Up;
using Banyan.Cli.Up.Processes;
using Banyan.Model;
using Xunit;

namespace Banyan.Tests.Cli;

public sealed class AppEnvironmentTests
{
    private static readonly Workload Shop = new()
    {
        Metadata = new ObjectMeta { Name = "shop", Namespace = "eu" },
        Spec = new WorkloadSpec
        {
            Service = "shop",
            Version = "monolith",
            Ports = [new WorkloadPort { Name = "http", Port = 80 }, new WorkloadPort { Name = "admin-ui", Port = 81 }],
            Upstreams = [new WorkloadUpstream { Service = "ledger-db", Port = 5432 }, new WorkloadUpstream { Service = "mail.post", Port = 25 }],
            Run = new WorkloadRun { Command = "sh", Env = new EquatableMap([new("GREETING", "hello"), new("no_proxy", "mine")]) },
        },
    };

    private static readonly Workload Guest = new()
    {
        Metadata = new ObjectMeta { Name = "payments-monolith", Namespace = "eu" },
        Spec = new WorkloadSpec
        {
            Service = "payments",
            Version = "monolith",
            Process = "shop",
            Ports = [new WorkloadPort { Name = "admin-ui", Port = 8080 }],
        },
    };

    private readonly ProcessPlan _plan = new(Shop, [Guest]);
    private readonly PortAllocator _allocator = new(new Random(1));

    [Fact]
    public void TheApplicationIsToldEverything()
    {
        var ports = new ReplicaPorts(_plan, _allocator);
        var variables = AppEnvironment.For(_plan, 2, ports, "mark", "/state/data/eu.shop");
        Assert.Equal("shop", variables["BANYAN_WORKLOAD"]);
        Assert.Equal("eu", variables["BANYAN_NAMESPACE"]);
        Assert.Equal("shop", variables["BANYAN_SERVICE"]);
        Assert.Equal("monolith", variables["BANYAN_VERSION"]);
        Assert.Equal("2", variables["BANYAN_REPLICA"]);
        Assert.Equal("/state/data/eu.shop", variables["BANYAN_DATA"]);
        Assert.Equal("mark", variables[Sessions.Marker]);
        Assert.Equal($"{ports.App[0].Port}", variables["PORT"]);
        Assert.Equal($"{ports.App[0].Port}", variables["PORT_HTTP"]);
        Assert.Equal($"{ports.App[1].Port}", variables["PORT_ADMIN_UI"]);
        foreach (var name in (string[])["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "grpc_proxy"])
        {
            Assert.Equal($"http://127.0.0.1:{ports.OutboundPort}", variables[name]);
        }

        Assert.Equal("localhost,127.0.0.1,[::1],::1", variables["NO_PROXY"]);
        Assert.Equal(ports.Upstreams[0].Local, variables["BANYAN_UPSTREAM_LEDGER_DB_EU_5432"]);
        Assert.Equal(ports.Upstreams[1].Local, variables["BANYAN_UPSTREAM_MAIL_POST_25"]);
        Assert.Equal("hello", variables["GREETING"]);
        Assert.Equal("mine", variables["no_proxy"]);
        Assert.Equal(Environment.GetEnvironmentVariable("PATH"), variables["PATH"]);
    }

    [Fact]
    public void ASharedProcessHasOneInboundAddressForEveryServicePort()
    {
        var ports = new ReplicaPorts(_plan, _allocator);
        Assert.Equal(["shop:80", "shop:81", "payments:8080"], ports.Inbound.Select(port => $"{port.Service}:{port.Port}"));
        Assert.Equal(3, ports.Inbound.Select(port => port.Inbound).Distinct().Count());
        Assert.Equal($"127.0.0.1:{ports.App[1].Port}", ports.Inbound[2].App);
    }

    [Fact]
    public void AFixedPortThatIsTakenIsNamed()
    {
        using var holder = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        holder.Start();
        var port = ((System.Net.IPEndPoint)holder.LocalEndpoint).Port;
        var owner = Shop with { Spec = Shop.Spec with { Ports = [new WorkloadPort { Port = 80, TargetPort = port }] } };
        var exception = Assert.Throws<Banyan.Cli.UserException>(() => new ReplicaPorts(new ProcessPlan(owner, []), _allocator));
        Assert.EndsWith($"Workload shop: targetPort {port} is in use", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void APlanDiffersWhenTheProcessDoes()
    {
        var more = new ProcessPlan(Shop with { Spec = Shop.Spec with { Run = Shop.Spec.Run! with { Replicas = 3 } } }, [Guest]);
        var other = new ProcessPlan(Shop with { Spec = Shop.Spec with { Run = Shop.Spec.Run! with { Command = "bash" } } }, [Guest]);
        Assert.True(_plan.IsSameProcess(more));
        Assert.NotEqual(_plan, more);
        Assert.False(_plan.IsSameProcess(other));
        Assert.False(_plan.IsSameProcess(new ProcessPlan(Shop, [])));
        Assert.Equal(_plan, new ProcessPlan(Shop with { }, [Guest with { }]));
    }
}
