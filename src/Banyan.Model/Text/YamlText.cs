using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Banyan.Model.Text;

/// <summary>
/// YAML text to nodes. Bounded in depth and in what aliases multiply; every failure is a problem at its place.
/// </summary>
internal sealed class YamlText
{
    private readonly Dictionary<string, Node> _anchors = new(StringComparer.Ordinal);
    private readonly Reading _reading;
    private readonly int _linesBefore;
    private readonly Parser _parser;
    private long _aliasBudget;

    private YamlText(Reading reading, TextReader text, int linesBefore, long aliasBudget)
    {
        _reading = reading;
        _linesBefore = linesBefore;
        _aliasBudget = aliasBudget;
        _parser = new Parser(new Scanner(text));
    }

    /// <summary>The roots of all documents that could be parsed.</summary>
    public static List<Node> Read(string text, Reading reading)
    {
        var roots = new List<Node>();
        var budget = Limits.AliasNodes;
        foreach (var part in YamlSplitter.Split(text))
        {
            var document = new YamlText(
                reading, new StringReader(text.Substring(part.Start, part.Length)), part.LinesBefore, budget);
            document.Read(roots);
            budget = document._aliasBudget;
        }

        return roots;
    }

    private void Read(List<Node> roots)
    {
        try
        {
            while (_parser.MoveNext())
            {
                if (_parser.Current is DocumentStart)
                {
                    _anchors.Clear();
                    _parser.MoveNext();
                    if (_parser.Current is not Scalar { IsPlainImplicit: true, Value: "" })
                    {
                        roots.Add(ReadNode(0));
                    }
                }
            }
        }
        catch (TextRefusedException e)
        {
            _reading.Add(e.Line, e.Column, e.Message);
        }
        catch (YamlException e)
        {
            _reading.Add(LineOf(e.Start), ColumnOf(e.Start), $"not valid YAML: {Quote.Shorten(Lower(e.Message), 200)}");
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The scanner has been seen to leave by other exceptions on damaged input; nothing of it must escape.
            var at = _parser.Current?.Start ?? Mark.Empty;
            _reading.Add(LineOf(at), ColumnOf(at), "not valid YAML");
        }
    }

    private Node ReadNode(int depth)
    {
        var current = _parser.Current!;
        var line = LineOf(current.Start);
        var column = ColumnOf(current.Start);
        if (depth > Limits.Depth)
        {
            throw new TextRefusedException(line, column, $"nested deeper than {Limits.Depth} levels");
        }

        if (current is AnchorAlias alias)
        {
            return ReadAlias(alias, line, column);
        }

        Node node = current switch
        {
            Scalar scalar => new ScalarNode(Whole(scalar.Value, line, column), IsPlain(scalar), line, column),
            SequenceStart => ReadList(depth, line, column),
            MappingStart => ReadMap(depth, line, column),
            _ => throw new TextRefusedException(line, column, "not valid YAML"),
        };
        if (current is NodeEvent { Anchor.IsEmpty: false } anchored)
        {
            _anchors[anchored.Anchor.Value] = node;
        }

        return node;
    }

    private Node ReadAlias(AnchorAlias alias, int line, int column)
    {
        if (!_anchors.TryGetValue(alias.Value.Value, out var node))
        {
            throw new TextRefusedException(
                line, column, $"the anchor {Quote.Text(alias.Value.Value)} is not defined before this place");
        }

        _aliasBudget -= node.Weight;
        return _aliasBudget < 0
            ? throw new TextRefusedException(line, column, $"aliases stand for more than {Limits.AliasNodes} values")
            : node;
    }

    private ListNode ReadList(int depth, int line, int column)
    {
        var items = new List<Node>();
        while (_parser.MoveNext() && _parser.Current is not SequenceEnd)
        {
            items.Add(ReadNode(depth + 1));
        }

        return new ListNode(items, line, column);
    }

    private MapNode ReadMap(int depth, int line, int column)
    {
        var entries = new MapBuilder(_reading);
        while (_parser.MoveNext() && _parser.Current is not MappingEnd)
        {
            var at = _parser.Current!.Start;
            if (ReadNode(depth + 1) is not ScalarNode key)
            {
                throw new TextRefusedException(LineOf(at), ColumnOf(at), "a key must be text");
            }

            _parser.MoveNext();
            entries.Add(key, ReadNode(depth + 1));
        }

        return entries.Build(line, column);
    }

    /// <summary>The text, which no file or message could hold as it is if half of a surrogate pair were in it.</summary>
    private static string Whole(string text, int line, int column)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
            {
                continue;
            }

            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
            {
                throw new TextRefusedException(line, column, "the text holds half of a surrogate pair");
            }

            i++;
        }

        return text;
    }

    private static bool IsPlain(Scalar scalar) =>
        scalar.Style is ScalarStyle.Plain && (scalar.Tag.IsEmpty || scalar.Tag.Value != "tag:yaml.org,2002:str");

    private int LineOf(Mark mark) => (int)Math.Max(mark.Line, 1) + _linesBefore;

    private static int ColumnOf(Mark mark) => (int)Math.Max(mark.Column, 1);

    private static string Lower(string message) =>
        message.Length > 0 ? char.ToLowerInvariant(message[0]) + message[1..].TrimEnd('.') : message;
}
