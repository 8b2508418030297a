using System.Text.Json.Nodes;

namespace Banyan.Model.Text;

/// <summary>A list, with optional bounds and a key by which its items must differ.</summary>
internal sealed class ListShape<T>(Shape<T> item) : Shape<EquatableList<T>>
{
    public int Min { get; init; }

    public int Max { get; init; } = int.MaxValue;

    /// <summary>The key of an item; items with a null key may repeat.</summary>
    public Func<T, string?>? Key { get; init; }

    /// <summary>Field of the item that holds the key, for the position; null = the item itself.</summary>
    public string? KeyField { get; init; }

    public override bool KeepsParts => true;

    public override bool TryRead(Node node, Reading reading, out EquatableList<T> value)
    {
        value = [];
        if (node is not ListNode list)
        {
            return Wrong(node, reading, "a list");
        }

        if (list.Items.Count < Min || list.Items.Count > Max)
        {
            reading.Add(node, list.Items.Count < Min ? Min == 1 ? "needs at least one item" : $"needs at least {Min} items" : $"has {list.Items.Count} items; at most {Max} are allowed");
            return false;
        }

        var before = reading.Count;
        var items = new List<T>(list.Items.Count);
        var seen = Key is null ? null : new Dictionary<string, Node>(StringComparer.Ordinal);
        for (var i = 0; i < list.Items.Count; i++)
        {
            reading.Push(i);
            var good = item.TryRead(list.Items[i], reading, out var read);
            if (good || item.KeepsParts)
            {
                items.Add(read!);
                CheckKey(list.Items[i], read!, reading, seen);
            }

            reading.Pop();
        }

        value = items.ToEquatableList();
        return reading.Count == before;
    }

    public override Node Write(EquatableList<T> value)
    {
        var items = new List<Node>(value.Count);
        foreach (var entry in value)
        {
            items.Add(item.Write(entry));
        }

        return new ListNode(items, 0, 0);
    }

    public override JsonObject Schema()
    {
        var schema = new JsonObject { ["type"] = "array", ["items"] = item.Schema() };
        if (Min > 0)
        {
            schema["minItems"] = Min;
        }

        if (Max != int.MaxValue)
        {
            schema["maxItems"] = Max;
        }

        return schema;
    }

    private void CheckKey(Node node, T read, Reading reading, Dictionary<string, Node>? seen)
    {
        if (seen is null || Key!(read) is not { } key)
        {
            return;
        }

        var at = KeyField is not null && node is MapNode map && map.Find(KeyField) is { } found ? found : node;
        if (seen.TryGetValue(key, out var first))
        {
            var message = $"{Quote.Text(key)} comes twice in this list; first at {first.Line}:{first.Column}";
            if (KeyField is null)
            {
                reading.Add(at, message);
            }
            else
            {
                reading.Add(at, KeyField, message);
            }
        }
        else
        {
            seen.Add(key, at);
        }
    }
}
