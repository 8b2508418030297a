namespace Banyan.Model.Text;

/// <summary>A value of a document and where it stands. YAML and JSON become the same tree.</summary>
internal abstract class Node(int line, int column)
{
    public int Line { get; } = line;

    public int Column { get; } = column;

    /// <summary>
    /// How many nodes this one stands for when every alias is followed; bounds what aliases can multiply.
    /// </summary>
    public long Weight { get; protected set; } = 1;

    /// <summary>What it is, in the words of messages.</summary>
    public abstract string Describe();
}

/// <summary>What a scalar without quotes is read as (YAML 1.2 core schema).</summary>
internal enum ScalarKind
{
    Text,
    Null,
    Boolean,
    Integer,
    Float,
}

internal sealed class ScalarNode(string text, bool isPlain, int line, int column) : Node(line, column)
{
    public string Text { get; } = text;

    /// <summary>Written without quotes: may be a number, boolean or null.</summary>
    public bool IsPlain { get; } = isPlain;

    public ScalarKind Kind => IsPlain ? PlainScalar.KindOf(Text) : ScalarKind.Text;

    public bool IsNull => IsPlain && PlainScalar.KindOf(Text) == ScalarKind.Null;

    public override string Describe() => Kind switch
    {
        ScalarKind.Null => "null",
        ScalarKind.Boolean => $"the boolean {Text}",
        ScalarKind.Integer or ScalarKind.Float => $"the number {Quote.Shorten(Text)}",
        _ => $"the text {Quote.Text(Text)}",
    };
}

internal sealed class ListNode : Node
{
    public ListNode(IReadOnlyList<Node> items, int line, int column)
        : base(line, column)
    {
        Items = items;
        foreach (var item in items)
        {
            Weight += item.Weight;
        }
    }

    public IReadOnlyList<Node> Items { get; }

    public override string Describe() => "a list";
}

/// <summary>One entry of a <see cref="MapNode"/>.</summary>
internal readonly record struct MapEntry(ScalarNode Key, Node Value);

internal sealed class MapNode : Node
{
    public MapNode(IReadOnlyList<MapEntry> entries, int line, int column)
        : base(line, column)
    {
        Entries = entries;
        foreach (var entry in entries)
        {
            Weight += 1 + entry.Value.Weight;
        }
    }

    public IReadOnlyList<MapEntry> Entries { get; }

    /// <summary>The value of a key; null when it is absent or null.</summary>
    public Node? Find(string key)
    {
        foreach (var entry in Entries)
        {
            if (entry.Key.Text == key)
            {
                return entry.Value is ScalarNode { IsNull: true } ? null : entry.Value;
            }
        }

        return null;
    }

    public bool Has(string key) => Find(key) is not null;

    public override string Describe() => "an object";
}
