using System.Text.Json;
using Banyan.Proxy.Xds;

namespace Banyan.Proxy.Admin;

/// <summary>GET /xds.</summary>
internal static class XdsJson
{
    public static void Write(Utf8JsonWriter json, XdsStatus status, string node)
    {
        json.WriteStartObject();
        json.WriteString("node"u8, node);
        json.WriteString("control"u8, status.Control);
        json.WriteBoolean("connected"u8, status.Connected);
        WriteTime(json, "since"u8, status.Since);
        WriteTime(json, "lastAck"u8, status.LastAck);
        json.WriteString("lastError"u8, status.LastError);
        json.WriteStartArray("nacks"u8);
        foreach (var nack in status.Nacks)
        {
            json.WriteStartObject();
            json.WriteString("type"u8, nack.Type);
            json.WriteString("resource"u8, nack.Resource);
            json.WriteString("message"u8, nack.Message);
            json.WriteString("at"u8, nack.At.UtcDateTime);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("pending"u8);
        foreach (var name in status.Pending)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
        json.WriteStartObject("versions"u8);
        foreach (var (type, versions) in status.Versions)
        {
            json.WriteStartObject(type);
            foreach (var (name, version) in versions)
            {
                json.WriteString(name, version);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter json, ReadOnlySpan<byte> name, DateTimeOffset? time)
    {
        if (time is { } at)
        {
            json.WriteString(name, at.UtcDateTime);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
