using Banyan.Rules;
using Banyan.Xds;
using Xunit;
using static Banyan.Tests.Rules.Tables;

namespace Banyan.Tests.Rules;

public sealed class WeightedPickTests
{
    [Theory]
    [InlineData(90, 10)]
    [InlineData(1, 1)]
    [InlineData(1, 2, 3, 4)]
    [InlineData(997, 2, 1)]
    public void TenThousandDrawsFollowTheWeights(params int[] weights)
    {
        var table = Compile(Weighted(weights.Select(weight => (uint?)weight)));
        var route = table.Routes[0];
        var random = new Random(20_240_601);
        var counts = new int[table.Clusters.Length];
        const int Draws = 10_000;
        for (var i = 0; i < Draws; i++)
        {
            counts[route.Pick((uint)random.NextInt64(route.TotalWeight)).Cluster]++;
        }

        var chiSquare = 0.0;
        for (var i = 0; i < weights.Length; i++)
        {
            var expected = (double)Draws * weights[i] / weights.Sum();
            chiSquare += (counts[i] - expected) * (counts[i] - expected) / expected;
        }

        // 99.9 % quantiles of the distribution with 1, 2 and 3 degrees of freedom.
        double[] limits = [0, 10.83, 13.82, 16.27];
        Assert.True(chiSquare < limits[weights.Length - 1], $"chi-square {chiSquare:0.00} for {string.Join(", ", counts)}");
    }

    [Fact]
    public void EveryDrawHasExactlyItsBackend()
    {
        uint[] weights = [3, 0, 1, 5, 0, 1];
        var route = Compile(Weighted(weights.Select(weight => (uint?)weight))).Routes[0];
        Assert.Equal(10u, route.TotalWeight);
        Assert.Equal([3u, 4u, 9u, 10u], route.Backends.Select(backend => backend.CumulativeWeight));
        var counts = new int[weights.Length];
        for (var draw = 0u; draw < route.TotalWeight; draw++)
        {
            counts[route.Pick(draw).Cluster]++;
        }

        Assert.Equal([3, 1, 5, 1], counts.Where(count => count > 0));
    }

    [Fact]
    public void TheLargestWeightsWork()
    {
        var route = Compile(Weighted([uint.MaxValue - 1, 1])).Routes[0];
        Assert.Equal(uint.MaxValue, route.TotalWeight);
        Assert.Same(route.Backends[0], route.Pick(0));
        Assert.Same(route.Backends[0], route.Pick(uint.MaxValue - 2));
        Assert.Same(route.Backends[1], route.Pick(uint.MaxValue - 1));
        Assert.Contains("clusters: the weights add up to 4294967296", Refused(Weighted([uint.MaxValue, 1])), StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutWeightsThereIsNoBackend()
    {
        var route = Compile(Weighted([0, 0])).Routes[0];
        Assert.Equal(RouteActionKind.Forward, route.Action);
        Assert.Empty(route.Backends);
        Assert.Equal(0u, route.TotalWeight);
    }

    [Fact]
    public void MistakesAreNamed()
    {
        Assert.Contains("routes[0].route.weighted_clusters.clusters[1].weight: required", Refused(Weighted([1, null])), StringComparison.Ordinal);
        Assert.Contains("routes[0].route.weighted_clusters.clusters: must be from 1 to 64, not 0", Refused(Weighted([])), StringComparison.Ordinal);
        var total = Weighted([1, 2]);
        total.Route_.WeightedClusters.TotalWeight = 3;
        Compile(total);
        total.Route_.WeightedClusters.TotalWeight = 100;
        Assert.Contains("total_weight: 100 is not the sum of the weights, 3", Refused(total), StringComparison.Ordinal);
    }

    private static Route Weighted(IEnumerable<uint?> weights) => new()
    {
        Name = "split",
        Match = new RouteMatch { Prefix = "/" },
        Route_ = new RouteAction
        {
            WeightedClusters = new WeightedCluster
            {
                Clusters = { weights.Select((weight, i) => new WeightedCluster.Types.ClusterWeight { Name = $"c{i}", Weight = weight }) },
            },
        },
    };
}
