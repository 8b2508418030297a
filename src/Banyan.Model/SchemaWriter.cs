using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Banyan.Model;

/// <summary>JSON schemas of the kinds, for editors, from the very tables that the reader checks by.</summary>
public static class SchemaWriter
{
    private static readonly JsonSerializerOptions Layout = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>File name and content of each schema.</summary>
    public static IEnumerable<(string File, string Text)> All()
    {
        foreach (var table in KindTable.All)
        {
            yield return ($"{table.Kind.ToLowerInvariant()}.json", Schema(table).ToJsonString(Layout) + "\n");
        }
    }

    private static JsonObject Schema(KindTable table)
    {
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = table.Kind,
        };
        foreach (var (name, value) in table.Schema())
        {
            schema[name] = value?.DeepClone();
        }

        var properties = schema["properties"]!.AsObject();
        properties["apiVersion"] = new JsonObject { ["enum"] = new JsonArray([.. table.ApiVersions.Select(v => (JsonNode)v)]) };
        properties["kind"] = new JsonObject { ["const"] = table.Kind };
        return schema;
    }
}
