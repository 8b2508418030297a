using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Serialization;

namespace Banyan.Cli;

/// <summary>Shows JSON as YAML.</summary>
internal static class JsonToYaml
{
    private static readonly ISerializer Serializer =
        new SerializerBuilder().WithQuotingNecessaryStrings().DisableAliases().Build();

    /// <summary>One document, ending in a line break.</summary>
    public static string Convert(JsonNode? node) => Serializer.Serialize(Plain(node) ?? "");

    private static object? Plain(JsonNode? node) => node switch
    {
        null => null,
        JsonObject map => map.ToDictionary(pair => pair.Key, pair => Plain(pair.Value), StringComparer.Ordinal),
        JsonArray list => list.Select(Plain).ToList(),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        JsonValue value when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False => value.GetValue<bool>(),

        // By its text: a value that was not parsed converts to its own type alone.
        JsonValue value when long.TryParse(value.ToJsonString(), CultureInfo.InvariantCulture, out var number) => number,
        JsonValue value => double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture),
        _ => node.ToString(),
    };
}
