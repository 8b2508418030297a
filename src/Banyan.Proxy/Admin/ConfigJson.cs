using System.Text;
using System.Text.Json;
using Banyan.Proxy.Snapshot;
using Banyan.Rules;

namespace Banyan.Proxy.Admin;

/// <summary>GET /config: what traffic sees, in words of the snapshot.</summary>
internal static class ConfigJson
{
    public static void Write(Utf8JsonWriter json, MeshSnapshot snapshot, string node)
    {
        json.WriteStartObject();
        json.WriteString("node"u8, node);
        json.WriteNumber("revision"u8, snapshot.Revision);
        json.WriteBoolean("connected"u8, snapshot.Connected);
        json.WriteStartArray("listeners"u8);
        foreach (var listener in snapshot.Listeners)
        {
            WriteListener(json, listener);
        }

        json.WriteEndArray();
        json.WriteStartArray("targets"u8);
        foreach (var target in snapshot.Targets.Values.OrderBy(static t => t.Name, StringComparer.Ordinal))
        {
            WriteTarget(json, target);
        }

        json.WriteEndArray();
        json.WriteStartArray("missing"u8);
        foreach (var name in snapshot.Missing)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteListener(Utf8JsonWriter json, ListenerConfig listener)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, listener.Name);
        json.WriteString("role"u8, listener.Role switch
        {
            ListenerRole.Inbound => "inbound",
            ListenerRole.Outbound => "outbound",
            _ => "upstream",
        });
        json.WriteString("address"u8, listener.Address.ToString());
        json.WriteString("service"u8, listener.Service);
        json.WriteString("namespace"u8, listener.Namespace);
        json.WriteNumber("port"u8, listener.Port);
        json.WriteString("workload"u8, listener.Workload);
        json.WriteString("version"u8, listener.Version);
        json.WritePropertyName("target"u8);
        if ((listener.Target ?? listener.Fallback) is { } target)
        {
            WriteTarget(json, target);
        }
        else
        {
            json.WriteNullValue();
        }

        json.WriteEndObject();
    }

    private static void WriteTarget(Utf8JsonWriter json, TargetConfig target)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, target.Name);
        json.WriteString("service"u8, target.Service);
        json.WriteString("namespace"u8, target.Namespace);
        json.WriteNumber("port"u8, target.Port);
        json.WriteStartObject("http"u8);
        json.WriteBoolean("normalizePath"u8, target.Http.NormalizePath);
        json.WriteBoolean("rejectEscapedSlashes"u8, target.Http.RejectEscapedSlashes);
        json.WriteNumber("streamIdleMs"u8, target.Http.StreamIdle.TotalMilliseconds);
        json.WriteNumber("headTimeoutMs"u8, target.Http.HeadTimeout.TotalMilliseconds);
        json.WriteEndObject();
        json.WriteStartArray("routes"u8);
        foreach (var route in target.Routes.Routes)
        {
            WriteRoute(json, route, target);
        }

        json.WriteEndArray();
        if (target.ByServerName is { } names)
        {
            json.WriteStartArray("byServerName"u8);
            foreach (var route in names.Routes.Routes)
            {
                WriteRoute(json, route, names);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteRoute(Utf8JsonWriter json, CompiledRoute route, TargetConfig target)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, route.Name);
        json.WriteString("action"u8, route.Action switch
        {
            RouteActionKind.Forward => "forward",
            RouteActionKind.DirectResponse => "direct-response",
            _ => "redirect",
        });
        if (route.Action != RouteActionKind.Forward)
        {
            json.WriteNumber("status"u8, route.Status);
        }

        if (route.Timeout > TimeSpan.Zero)
        {
            json.WriteNumber("timeoutMs"u8, route.Timeout.TotalMilliseconds);
        }

        if (route.HostRewrite is { } host)
        {
            json.WriteString("hostRewrite"u8, Encoding.Latin1.GetString(host));
        }

        json.WriteStartArray("backends"u8);
        foreach (var backend in route.Backends)
        {
            json.WriteStartObject();
            json.WriteString("cluster"u8, target.Clusters[backend.Cluster].Name);
            json.WriteNumber("weight"u8, backend.Weight);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
