using System.Net;
using Banyan.Proxy;
using Banyan.Proxy.Accept;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Rules;
using Banyan.Xds;

// dev only
var routeConfig = new RouteConfiguration { Name = "dev" };
var vh = new VirtualHost { Name = "dev", Domains = { "*" } };
for (var i = 0; i < 99; i++)
{
    vh.Routes.Add(new Route { Name = $"r{i}", Match = new RouteMatch { Path = $"/api/v1/thing{i}" }, Route_ = new RouteAction { Cluster = "c" } });
}

vh.Routes.Add(new Route { Name = "all", Match = new RouteMatch { Prefix = "/" }, Route_ = new RouteAction { Cluster = "c" } });
routeConfig.VirtualHosts.Add(vh);
if (!RouteTable.TryCompile(routeConfig, out var table, out var error))
{
    throw new InvalidOperationException(error);
}

var port = int.Parse(args[1]);
var cluster = new ClusterConfig
{
    Name = "c",
    Kind = ClusterKind.Static,
    Slot = 0,
    Endpoints = [.. Enumerable.Range(0, 3).Select(i => new EndpointConfig { Slot = i, Address = new IPEndPoint(IPAddress.Loopback, port) })],
};
var target = new TargetConfig { Name = "dev", Service = "dev", Namespace = "default", Port = 80, Routes = table, Clusters = [cluster], Http = HttpSettings.Default };
var listener = new ListenerConfig { Name = "dev", Role = ListenerRole.Upstream, Address = new IPEndPoint(IPAddress.Loopback, int.Parse(args[0])), Target = target, Http = HttpSettings.Default };
var holder = new SnapshotHolder();
var shards = new MetricsShards(1);
var worker = new Worker(0, holder, new NoDiscovery(), shards.Shards[0], "default");
worker.Loop.OnFault = e => Console.Error.WriteLine(e);
holder.Publish(new MeshSnapshot { Listeners = [listener], Targets = MeshSnapshot.Empty.Targets, Missing = MeshSnapshot.Empty.Missing });
var acceptor = Acceptor.TryOpen(worker, listener, false, out var err) ?? throw new InvalidOperationException(err);
acceptor.Run().Forget();
if (args.Length > 2)
{
    var last = 0L;
    var lastN = 0L;
    worker.Loop.OnSecond = () =>
    {
        var now = GC.GetAllocatedBytesForCurrentThread();
        var n = worker.Metrics.Counters[(int)Counter.UpstreamReuses];
        Console.Error.WriteLine($"{n - lastN} req/s, {(now - last) / (double)Math.Max(1, n - lastN):F3} B/req");
        last = now;
        lastN = n;
    };
}

worker.Loop.Run();
