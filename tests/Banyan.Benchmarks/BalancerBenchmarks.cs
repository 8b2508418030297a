using System.Net;
using Banyan.Proxy;
using Banyan.Proxy.Balance;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using BenchmarkDotNet.Attributes;

namespace Banyan.Benchmarks;

/// <summary>Picking one of so many endpoints: two at random, the cheaper one by latency and queue.</summary>
public class BalancerBenchmarks
{
    private ClusterState _state = null!;
    private XorShift _random = new(42);

    /// <summary>Endpoints of the cluster.</summary>
    [Params(3, 100, 1000)]
    public int Endpoints { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var worker = new Worker(0, new SnapshotHolder(), new NoDiscovery(), new MetricsShards(1).Shards[0], "default");
        var endpoints = Enumerable.Range(0, Endpoints)
            .Select(i => new EndpointConfig { Slot = i, Address = new IPEndPoint(IPAddress.Loopback, 1024 + i) })
            .ToArray();
        _state = worker.Clusters.Of(new ClusterConfig { Name = "shop", Kind = ClusterKind.Eds, Endpoints = endpoints, Slot = 0 });
        foreach (var endpoint in _state.Eligible)
        {
            endpoint.Answered(_random.Below(5_000));
            endpoint.InFlight = (int)_random.Below(4);
        }
    }

    [Benchmark]
    public object? Pick() => _state.Pick(ref _random, avoid: null);

    /// <summary>A retry: not the endpoint that failed before.</summary>
    [Benchmark]
    public object? PickAnother() => _state.Pick(ref _random, _state.Eligible[0]);
}
