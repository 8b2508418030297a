using System.Globalization;
using Banyan.Control.Reports;
using Banyan.Control.Store;
using Banyan.Model;
using Banyan.Xds;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>GET /api/v1/edges: who called whom, from the reports.</summary>
internal sealed class EdgesEndpoint(EdgeStore edges, ConfigStore store, TimeProvider time)
{
    /// <summary>The matrix; <c>since</c> (a duration, 24h) reaches back to the begin of that hour.</summary>
    public async Task GetAsync(HttpContext context)
    {
        var now = time.GetUtcNow();
        var since = now - QueryValues.Since(context);
        var from = since - TimeSpan.FromTicks(since.Ticks % TimeSpan.TicksPerHour);
        var objects = store.View.Objects;
        var found = edges.Read(from).Select(pair => Document(pair.Key, pair.Value, objects))
            .OrderBy(edge => edge.Reporter, StringComparer.Ordinal)
            .ThenBy(edge => edge.Direction, StringComparer.Ordinal)
            .ThenBy(edge => edge.Namespace, StringComparer.Ordinal)
            .ThenBy(edge => edge.Service, StringComparer.Ordinal)
            .ThenBy(edge => edge.Version, StringComparer.Ordinal)
            .ThenBy(edge => edge.Route, StringComparer.Ordinal)
            .ThenBy(edge => edge.Method, StringComparer.Ordinal)
            .ThenBy(edge => edge.Status);
        await Reply.JsonAsync(context, new EdgesDocument(from, now, [.. found]), ApiJson.Default.EdgesDocument);
    }

    /// <summary>SERVICE.NAMESPACE of a workload; empty where it has none, or is not known any more.</summary>
    private static string ServiceOf(string workload, IReadOnlyDictionary<ObjectKey, StoredObject> objects)
    {
        var slash = workload.IndexOf('/');
        var key = new ObjectKey(nameof(Workload), workload[..slash], workload[(slash + 1)..]);
        return objects.GetValueOrDefault(key)?.Object is Workload { Spec.Service: { Length: > 0 } service }
            ? $"{service}.{key.Namespace}"
            : "";
    }

    private static ReportedEdge Document(
        EdgeIdentity edge, EdgeSum sum, IReadOnlyDictionary<ObjectKey, StoredObject> objects) => new()
    {
        Reporter = edge.Reporter,
        ReporterService = ServiceOf(edge.Reporter, objects),
        Direction = edge.Direction == (int)EdgeRecord.Types.Direction.Client ? "client" : "server",
        Protocol = ((EdgeRecord.Types.Protocol)edge.Protocol).ToString().ToLower(CultureInfo.InvariantCulture),
        Service = edge.Service,
        Namespace = edge.Namespace,
        Port = edge.Port,
        Workload = edge.Workload,
        Version = edge.Version,
        Route = edge.Route,
        Method = edge.Method,
        Status = edge.Status,
        GrpcStatus = edge.GrpcStatus < 0 ? null : edge.GrpcStatus,
        SourceIdentity = edge.SourceIdentity,
        DestinationIdentity = edge.DestinationIdentity,
        Mtls = edge.Mtls != 0,
        Count = sum.Count,
        SumMicros = sum.SumMicros,
        BytesToDestination = sum.BytesToDestination,
        BytesToSource = sum.BytesToSource,
        FirstSeen = DateTimeOffset.FromUnixTimeMilliseconds(sum.FirstSeen),
        LastSeen = DateTimeOffset.FromUnixTimeMilliseconds(sum.LastSeen),
        P50 = sum.Percentile(0.50),
        P95 = sum.Percentile(0.95),
        P99 = sum.Percentile(0.99),
    };
}
