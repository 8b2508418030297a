using System.Text.Json.Nodes;

namespace Banyan.Model.Text;

/// <summary>Free keys with text values.</summary>
internal sealed class MapShape : Shape<EquatableMap>
{
    public Func<string, string?>? CheckKey { get; init; }

    public Func<string, string?>? CheckValue { get; init; }

    public override bool TryRead(Node node, Reading reading, out EquatableMap value)
    {
        value = EquatableMap.Empty;
        if (node is not MapNode map)
        {
            return Wrong(node, reading, "an object of texts");
        }

        var before = reading.Count;
        var entries = new List<KeyValuePair<string, string>>(map.Entries.Count);
        foreach (var entry in map.Entries)
        {
            reading.Push(entry.Key.Text);
            if (CheckKey?.Invoke(entry.Key.Text) is { } badKey)
            {
                reading.Add(entry.Key, badKey);
            }

            if (entry.Value is ScalarNode { IsNull: true })
            {
                entries.Add(new(entry.Key.Text, ""));
            }
            else if (SharedShapes.AnyText.TryRead(entry.Value, reading, out var text))
            {
                entries.Add(new(entry.Key.Text, text));
                if (CheckValue?.Invoke(text) is { } bad)
                {
                    reading.Add(entry.Value, bad);
                }
            }

            reading.Pop();
        }

        value = entries.Count == 0 ? EquatableMap.Empty : new EquatableMap(entries);
        return reading.Count == before;
    }

    public override Node Write(EquatableMap value) => new MapNode(
        [.. value.Select(e => new MapEntry(new ScalarNode(e.Key, isPlain: false, 0, 0), new ScalarNode(e.Value, isPlain: false, 0, 0)))], 0, 0);

    public override JsonObject Schema() =>
        new() { ["type"] = "object", ["additionalProperties"] = new JsonObject { ["type"] = "string" } };
}
