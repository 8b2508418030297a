using System.Text;
using Banyan.Xds;

namespace Banyan.Rules.Compilation;

/// <summary>Compiles where a route forwards to.</summary>
internal sealed class BackendCompiler(
    CompileErrors errors,
    MutationCompiler mutations,
    ClusterNames clusters,
    MutationLevels outer,
    byte[]? hostRewrite)
{
    public WeightedBackend[] Compile(RouteAction action, string at)
    {
        switch (action.ClusterSpecifierCase)
        {
            case RouteAction.ClusterSpecifierOneofCase.Cluster:
                return CheckName(action.Cluster, $"{at}.cluster") ? [Backend(action.Cluster, 1, 1, outer, hostRewrite)] : [];
            case RouteAction.ClusterSpecifierOneofCase.WeightedClusters:
                return Weighted(action.WeightedClusters, $"{at}.weighted_clusters");
            default:
                errors.Add(at, "one of cluster and weighted_clusters is required");
                return [];
        }
    }

    /// <summary>The host, or null when there is none or it is refused.</summary>
    internal static byte[]? HostText(string text, string at, CompileErrors errors)
    {
        if (text.Length == 0)
        {
            return null;
        }

        if (text.Length > 255 || text.Any(c => c is <= ' ' or >= '\x7F' or '/' or '?' or '#' or '@' or '\\' or '%' or ','))
        {
            errors.Add(at, $"'{text}' is not a host");
            return null;
        }

        return Encoding.ASCII.GetBytes(text);
    }

    private WeightedBackend[] Weighted(WeightedCluster weighted, string at)
    {
        if (weighted.Clusters.Count is 0 or > RouteLimits.Clusters)
        {
            errors.Add($"{at}.clusters", $"must be from 1 to {RouteLimits.Clusters}, not {weighted.Clusters.Count}");
            return [];
        }

        var backends = new List<WeightedBackend>(weighted.Clusters.Count);
        ulong sum = 0;
        for (var i = 0; i < weighted.Clusters.Count; i++)
        {
            var cluster = weighted.Clusters[i];
            var level = CompileLevel(cluster, $"{at}.clusters[{i}]");
            var host = HostText(cluster.HostRewriteLiteral, $"{at}.clusters[{i}].host_rewrite_literal", errors) ?? hostRewrite;
            sum += cluster.Weight ?? 0;
            if (sum <= uint.MaxValue && cluster.Weight is > 0)
            {
                backends.Add(Backend(cluster.Name, cluster.Weight.Value, (uint)sum, level, host));
            }
        }

        if (sum > uint.MaxValue)
        {
            errors.Add($"{at}.clusters", $"the weights add up to {sum}, over {uint.MaxValue}");
        }

        if (weighted.TotalWeight is { } total && total != sum)
        {
            errors.Add($"{at}.total_weight", $"{total} is not the sum of the weights, {sum}");
        }

        return [.. backends];
    }

    private MutationLevels CompileLevel(WeightedCluster.Types.ClusterWeight cluster, string at)
    {
        CheckName(cluster.Name, $"{at}.name");
        if (cluster.Weight is null)
        {
            errors.Add($"{at}.weight", "required");
        }

        return mutations.Merge(
            new MutationLevels(
                mutations.Compile(cluster.RequestHeadersToAdd, cluster.RequestHeadersToRemove, at, "request_headers"),
                mutations.Compile(cluster.ResponseHeadersToAdd, cluster.ResponseHeadersToRemove, at, "response_headers")),
            outer);
    }

    private bool CheckName(string name, string at)
    {
        if (name.Length is > 0 and <= RouteLimits.TextLength)
        {
            return true;
        }

        errors.Add(at, name.Length == 0 ? "required" : "too long");
        return false;
    }

    private WeightedBackend Backend(string name, uint weight, uint cumulative, MutationLevels level, byte[]? host) => new()
    {
        Cluster = clusters.NumberOf(name),
        Weight = weight,
        CumulativeWeight = cumulative,
        RequestHeaders = level.Request,
        ResponseHeaders = level.Response,
        HostRewrite = host,
    };
}
