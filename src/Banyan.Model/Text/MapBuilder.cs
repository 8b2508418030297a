namespace Banyan.Model.Text;

/// <summary>Collects the entries of an object; tells of keys that come twice; resolves YAML's merge key.</summary>
internal sealed class MapBuilder(Reading reading)
{
    private readonly List<MapEntry> _entries = [];
    private Dictionary<string, ScalarNode>? _index;
    private List<MapNode>? _merged;

    public void Add(ScalarNode key, Node value)
    {
        if (key is { Text: "<<", IsPlain: true } && TryMerge(value))
        {
            return;
        }

        if (Find(key.Text) is { } first)
        {
            reading.Add(
                key.Line,
                key.Column,
                $"the key {Quote.Text(key.Text)} comes twice in this object; first at {first.Line}:{first.Column}");
            return;
        }

        _entries.Add(new MapEntry(key, value));
        _index?.Add(key.Text, key);
    }

    public MapNode Build(int line, int column)
    {
        foreach (var map in _merged ?? [])
        {
            foreach (var entry in map.Entries)
            {
                if (Find(entry.Key.Text) is null)
                {
                    _entries.Add(entry);
                    _index?.Add(entry.Key.Text, entry.Key);
                }
            }
        }

        return new MapNode(_entries, line, column);
    }

    private bool TryMerge(Node value)
    {
        var maps = value is ListNode list ? list.Items : [value];
        if (maps.Any(m => m is not MapNode))
        {
            return false;
        }

        (_merged ??= []).AddRange(maps.Cast<MapNode>());
        return true;
    }

    private ScalarNode? Find(string key)
    {
        if (_index is null && _entries.Count > 16)
        {
            _index = _entries.ToDictionary(e => e.Key.Text, e => e.Key, StringComparer.Ordinal);
        }

        if (_index is not null)
        {
            return _index.GetValueOrDefault(key);
        }

        foreach (var entry in _entries)
        {
            if (entry.Key.Text == key)
            {
                return entry.Key;
            }
        }

        return null;
    }
}
