using System.Text.Json;
using Banyan.Proxy.Record;
using Banyan.Proxy.Record.Render;
using Banyan.Wire.Http1;

namespace Banyan.Proxy.Admin;

/// <summary>Which page answers which request.</summary>
internal sealed class AdminPages(AdminContext context)
{
    private const string Pages = """
        GET  /ready     200 once every listener is bound (one whose routes do not come is waited for 15 s)
        GET  /metrics   Prometheus text or OpenMetrics
        GET  /config    listeners, destinations and routes
        GET  /clusters  clusters and endpoints
        GET  /edges     requests by caller side, destination, route, method and status
        GET  /xds       the connection to the control plane
        GET  /drain     state of the drain
        POST /drain     begin it (unix socket only)

        """;

    private readonly DateTimeOffset _started = context.Time.GetUtcNow();

    private string Node => context.Housekeeping.NodeId;

    private string Identity => context.Housekeeping.Identities.Current?.Id ?? "";

    public void Answer(RequestMethod method, string path, string accept, bool isUnix, ResponseWriter response)
    {
        if (method == RequestMethod.Post)
        {
            AnswerPost(path, isUnix, response);
            return;
        }

        if (method is not (RequestMethod.Get or RequestMethod.Head))
        {
            response.Text(405, "not allowed\n", path == "/drain" ? "allow: GET, HEAD, POST\r\n" : "allow: GET, HEAD\r\n");
            return;
        }

        switch (path)
        {
            case "/":
                response.Text(200, Pages);
                break;
            case "/ready":
                Ready(response);
                break;
            case "/metrics":
                Metrics(accept, response);
                break;
            case "/config":
                Json(response, json => ConfigJson.Write(json, context.Snapshots.Current, Node));
                break;
            case "/clusters":
                Json(response, json => ClustersJson.Write(json, context.Snapshots.Current, context.DescribeEndpoint));
                break;
            case "/edges":
                Json(response, json => EdgesJson.Write(json, EdgeTotals.Collect(context.Metrics), Node, Identity));
                break;
            case "/xds":
                Xds(response);
                break;
            case "/drain":
                Json(response, Drain);
                break;
            case "/counters/allocations" when context.Options.Testing:
                Json(response, Allocations);
                break;
            case "/counters/heap" when context.Options.Testing:
                Json(response, Heap);
                break;
            default:
                response.Text(404, Pages);
                break;
        }
    }

    private static void Json(ResponseWriter response, Action<Utf8JsonWriter> write, int status = 200)
    {
        response.Begin(status, "application/json");
        using (var json = new Utf8JsonWriter(response))
        {
            write(json);
        }

        response.End();
    }

    private void AnswerPost(string path, bool isUnix, ResponseWriter response)
    {
        if (path != "/drain")
        {
            response.Text(404, Pages);
        }
        else if (!isUnix)
        {
            response.Text(403, "what changes something is accepted on the unix socket only\n");
        }
        else
        {
            context.Lifecycle.RequestDrain();
            Json(response, Drain, 202);
        }
    }

    private void Ready(ResponseWriter response)
    {
        switch (context.Lifecycle.State)
        {
            case LifecycleState.Serving:
                response.Text(200, "ready\n");
                break;
            case LifecycleState.Starting:
                response.Text(503, "starting\n");
                break;
            default:
                response.Text(503, "draining\n");
                break;
        }
    }

    private void Drain(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("state"u8, context.Lifecycle.State switch
        {
            LifecycleState.Drained => "drained",
            LifecycleState.Draining => "draining",
            _ => "serving",
        });
        json.WriteNumber("inflight"u8, context.Lifecycle.InFlight());
        json.WriteEndObject();
    }

    private void Metrics(string accept, ResponseWriter response)
    {
        var open = accept.Contains("application/openmetrics-text", StringComparison.OrdinalIgnoreCase);
        response.Begin(200, open
            ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
            : "text/plain; version=0.0.4; charset=utf-8");
        var writer = new ExpositionWriter(response, open ? ExpositionFormat.OpenMetrics : ExpositionFormat.Text);
        EdgeMetrics.Write(writer, EdgeTotals.Collect(context.Metrics), context.Housekeeping.Node, Identity);
        TcpMetrics.Write(writer, context.Metrics, context.Housekeeping.Node, Identity);
        TlsMetrics.Write(writer, context.Metrics);
        TokenMetrics.Write(writer, context.Metrics);
        ReactorMetrics.Write(writer, context.Metrics);
        HealthMetrics.Write(writer, context.HealthCheckers());
        var snapshot = context.Snapshots.Current;
        writer.Single("banyan_xds_connected", "gauge", "1 while the control plane is reachable.", snapshot.Connected ? 1 : 0);
        writer.Single("banyan_snapshot_revision", "gauge", "Number of the configuration in use.", snapshot.Revision);
        writer.Single("banyan_snapshot_targets", "gauge", "Destinations known.", snapshot.Targets.Count);
        writer.Single("banyan_log_lines_dropped", "counter", "Log lines lost.", context.Log.Dropped);
        ProcessMetrics.Write(writer, _started);
        writer.End();
        response.End();
    }

    private void Xds(ResponseWriter response)
    {
        if (context.Housekeeping.Status() is { } status)
        {
            Json(response, json => XdsJson.Write(json, status, Node));
        }
        else
        {
            response.Text(503, "busy\n");
        }
    }

    /// <summary>What is still referred to: collects first, which nothing but a test may ask for.</summary>
    private static void Heap(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("live"u8, GC.GetTotalMemory(forceFullCollection: true));
        json.WriteEndObject();
    }

    private void Allocations(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("reactors"u8);
        foreach (var shard in context.Metrics.Shards)
        {
            json.WriteNumberValue(shard.AllocatedBytes);
        }

        json.WriteEndArray();
        json.WriteNumber("process"u8, GC.GetTotalAllocatedBytes(precise: true));
        json.WriteEndObject();
    }
}
