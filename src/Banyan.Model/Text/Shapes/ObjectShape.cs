using System.Collections.Frozen;
using System.Text.Json.Nodes;

namespace Banyan.Model.Text;

/// <summary>An object with known fields. Defaults are those of a new <typeparamref name="T"/>.</summary>
internal sealed class ObjectShape<T> : Shape<T>
    where T : new()
{
    private readonly Field<T>[] _fields;
    private readonly FrozenDictionary<string, Field<T>> _byName;
    private readonly T _defaults = new();

    public ObjectShape(params Field<T>[] fields)
    {
        _fields = fields;
        _byName = fields.ToFrozenDictionary(f => f.Name, StringComparer.Ordinal);
    }

    /// <summary>
    /// Rules between fields; runs also when fields had problems, so it must ask the nodes what was written.
    /// </summary>
    public Action<T, MapNode, Reading>? Check { get; init; }

    /// <summary>Take fields that are not known (metadata and status).</summary>
    public bool IsOpen { get; init; }

    public override bool KeepsParts => true;

    public override bool TryRead(Node node, Reading reading, out T value)
    {
        value = new T();
        if (node is not MapNode map)
        {
            return Wrong(node, reading, "an object");
        }

        var before = reading.Count;
        string? meant = null;
        foreach (var entry in map.Entries)
        {
            reading.Push(entry.Key.Text);
            if (!_byName.TryGetValue(entry.Key.Text, out var field))
            {
                meant = Unknown(entry.Key, reading) ?? meant;
            }
            else if (entry.Value is not ScalarNode { IsNull: true })
            {
                value = field.Read(value, entry.Value, reading);
            }

            reading.Pop();
        }

        foreach (var field in _fields)
        {
            // What a misspelt field was meant to be is not told a second time.
            if (field.Required && field.Name != meant && !map.Has(field.Name))
            {
                // An open object takes the misspelt name, so it has to be told here.
                var found = IsOpen ? map.Entries.Select(e => e.Key.Text).FirstOrDefault(k => Suggestion.Nearest(k, [field.Name]) is not null) : null;
                reading.Add(
                    node,
                    field.Name,
                    found is null ? "is required" : $"is required (did you mean it by {Quote.Shorten(found)})");
            }
        }

        Check?.Invoke(value, map, reading);
        return reading.Count == before;
    }

    public override Node Write(T value)
    {
        var entries = new List<MapEntry>();
        foreach (var field in _fields)
        {
            if (field.Write(value, _defaults) is { } node)
            {
                entries.Add(new MapEntry(new ScalarNode(field.Name, isPlain: false, 0, 0), node));
            }
        }

        return new MapNode(entries, 0, 0);
    }

    public override JsonObject Schema()
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var field in _fields)
        {
            var schema = field.Schema(_defaults);
            schema["description"] = field.Doc;
            properties[field.Name] = schema;
            if (field.Required)
            {
                required.Add((JsonNode)field.Name);
            }
        }

        var result = new JsonObject { ["type"] = "object", ["properties"] = properties };
        if (required.Count > 0)
        {
            result["required"] = required;
        }

        if (!IsOpen)
        {
            result["additionalProperties"] = false;
        }

        return result;
    }

    /// <summary>The field that was meant, if one is near.</summary>
    private string? Unknown(ScalarNode key, Reading reading)
    {
        if (IsOpen)
        {
            return null;
        }

        var names = _fields.Where(f => f is not IgnoredField<T>).Select(f => f.Name).ToArray();
        var nearest = Suggestion.Nearest(key.Text, names);
        reading.Add(key, nearest is not null ? $"unknown field (did you mean {nearest})" : $"unknown field; possible here: {string.Join(", ", names)}");
        return nearest;
    }
}
