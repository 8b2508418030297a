using Banyan.Control.Reports;
using Banyan.Control.Store;
using Banyan.Control.Store.Persistence;
using Banyan.Model;
using Banyan.Xds;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>GET /api/v1/services: every service and version, who answers for it, and how much of it is there.</summary>
internal sealed class ServicesEndpoint(ConfigStore store, EdgeStore edges, TimeProvider time)
{
    private static readonly TimeSpan Reach = TimeSpan.FromHours(24);

    /// <summary>The list, ordered by namespace, service and version.</summary>
    public Task ListAsync(HttpContext context)
    {
        var view = store.View;
        var space = QueryValues.Text(context, "namespace");
        var seen = SeenTraffic.Of(Reported());
        var workloads = view.Objects.Values
            .Where(item => item.Written is Workload { Spec.Service.Length: > 0 })
            .Select(item => Row(view, item, (Workload)item.Written, seen)).ToList();
        var named = workloads.Select(row => (row.Namespace, row.Service)).ToHashSet();
        var written = view.Objects.Values
            .Where(item => item.Written is Service
                && !named.Contains((item.Written.Metadata.Namespace, item.Written.Metadata.Name)))
            .Select(item => new ServiceEntry(
                item.Written.Metadata.Namespace, item.Written.Metadata.Name,
                "", "", "", "", 0, 0, item.Owner, [], [], 0, 0));
        var items = workloads.Concat(written)
            .Where(row => space is null || row.Namespace == space)
            .OrderBy(row => row.Namespace, StringComparer.Ordinal)
            .ThenBy(row => row.Service, StringComparer.Ordinal)
            .ThenBy(row => row.Version, StringComparer.Ordinal);
        return Reply.JsonAsync(context, new ServiceList([.. items]), ApiJson.Default.ServiceList);
    }

    /// <summary>What is known without the database is told without it.</summary>
    private IReadOnlyDictionary<EdgeIdentity, EdgeSum> Reported()
    {
        try
        {
            return edges.Read(time.GetUtcNow() - Reach);
        }
        catch (StoreFailedException)
        {
            return new Dictionary<EdgeIdentity, EdgeSum>();
        }
    }

    private static ServiceEntry Row(StoreView view, StoredObject item, Workload workload, SeenTraffic seen)
    {
        var (space, spec) = (workload.Metadata.Namespace, workload.Spec);
        var (healthy, total) = (0, 0);
        foreach (var port in spec.Ports)
        {
            // The port with most endpoints stands for all: one that registered for another port counts once.
            var (up, all) = Count(view, $"{spec.Service}.{space}:{port.Port}", workload.Metadata.Name);
            (healthy, total) = all > total ? (up, all) : (healthy, total);
        }

        return new ServiceEntry(
            space,
            spec.Service,
            spec.Version,
            spec.Owner,
            spec.Tier.ToString().ToLowerInvariant(),
            workload.Metadata.Name,
            healthy,
            total,
            item.Owner,
            [.. spec.Upstreams.Select(each => each.Service.Contains('.') ? each.Service : $"{each.Service}.{space}")
                .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            seen.CalledBy($"{space}/{workload.ProcessOwner}"),
            seen.CallsOf(space, workload.Metadata.Name),
            seen.FailedOf(space, workload.Metadata.Name));
    }

    private static (int Healthy, int Total) Count(StoreView view, string name, string workload)
    {
        var key = new ResourceKey(XdsTypes.ClusterLoadAssignment, name);
        if (view.Mesh?.Resources.GetValueOrDefault(key) is not { } resource)
        {
            return (0, 0);
        }

        var endpoints = resource.Any.Unpack<ClusterLoadAssignment>().Endpoints.SelectMany(each => each.LbEndpoints)
            .Where(each => each.Metadata?.FilterMetadata.GetValueOrDefault("banyan.dev")?.Fields
                .GetValueOrDefault("workload")?.StringValue == workload).ToList();
        var healthy = endpoints.Count(each => each.HealthStatus is HealthStatus.Healthy or HealthStatus.Unknown);
        return (healthy, endpoints.Count);
    }
}

/// <summary>Answer of GET /api/v1/services.</summary>
public sealed record ServiceList(IReadOnlyList<ServiceEntry> Items);

/// <summary>One version of a service.</summary>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Service">The service.</param>
/// <param name="Version">The version; empty = none.</param>
/// <param name="Owner">Who answers for it; empty = unknown.</param>
/// <param name="Tier">critical, standard or batch; empty where no Workload is behind it.</param>
/// <param name="Workload">The Workload behind it.</param>
/// <param name="Healthy">Endpoints that get new requests.</param>
/// <param name="Total">All endpoints, also those that drain or are in maintenance.</param>
/// <param name="Source">Who wrote it: file:PATH, api or registry.</param>
/// <param name="Declared">The services that it says it calls (upstreams), as SERVICE.NAMESPACE.</param>
/// <param name="Seen">Those that its sidecars saw it call within 24 hours; outside names are "external".</param>
/// <param name="Calls">What its callers' sidecars reported within 24 hours: requests, and TCP connections.</param>
/// <param name="Failed">How many of those failed: 5xx, or gRPC UNKNOWN, INTERNAL, UNAVAILABLE, DATA_LOSS.</param>
public sealed record ServiceEntry(
    string Namespace,
    string Service,
    string Version,
    string Owner,
    string Tier,
    string Workload,
    int Healthy,
    int Total,
    string Source,
    IReadOnlyList<string> Declared,
    IReadOnlyList<string> Seen,
    long Calls,
    long Failed);
