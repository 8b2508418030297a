using System.Globalization;
using System.Text;

namespace Banyan.Model.Text;

/// <summary>
/// Nodes to YAML in block style; text that any YAML reader could take for something else gets quotes.
/// </summary>
internal static class YamlEmitter
{
    public static string Write(MapNode node)
    {
        var output = new StringBuilder();
        WriteMap(node, 0, output);
        return output.ToString();
    }

    private static void WriteMap(MapNode map, int indent, StringBuilder output)
    {
        foreach (var entry in map.Entries)
        {
            output.Append(' ', indent);
            WriteEntry(entry, indent, output);
        }
    }

    private static void WriteEntry(MapEntry entry, int indent, StringBuilder output)
    {
        WriteText(entry.Key, output);
        output.Append(':');
        WriteValue(entry.Value, indent, output);
    }

    private static void WriteValue(Node value, int indent, StringBuilder output)
    {
        switch (value)
        {
            case MapNode { Entries.Count: > 0 } map:
                output.Append('\n');
                WriteMap(map, indent + 2, output);
                break;
            case ListNode { Items.Count: > 0 } list:
                output.Append('\n');
                WriteList(list, indent, output);
                break;
            case MapNode:
                output.Append(" {}\n");
                break;
            case ListNode:
                output.Append(" []\n");
                break;
            default:
                output.Append(' ');
                WriteText((ScalarNode)value, output);
                output.Append('\n');
                break;
        }
    }

    private static void WriteList(ListNode list, int indent, StringBuilder output)
    {
        foreach (var item in list.Items)
        {
            output.Append(' ', indent).Append('-');
            if (item is MapNode { Entries.Count: > 0 } map)
            {
                output.Append(' ');
                WriteEntry(map.Entries[0], indent + 2, output);
                WriteMap(new MapNode([.. map.Entries.Skip(1)], 0, 0), indent + 2, output);
            }
            else
            {
                WriteValue(item, indent, output);
            }
        }
    }

    private static void WriteText(ScalarNode scalar, StringBuilder output)
    {
        if (scalar.IsPlain || IsSafe(scalar.Text))
        {
            output.Append(scalar.Text);
            return;
        }

        output.Append('"');
        foreach (var c in scalar.Text)
        {
            _ = c switch
            {
                '"' => output.Append("\\\""),
                '\\' => output.Append("\\\\"),
                '\n' => output.Append("\\n"),
                '\r' => output.Append("\\r"),
                '\t' => output.Append("\\t"),
                _ when NeedsEscape(c) => output.Append("\\u").Append(((int)c).ToString("X4", CultureInfo.InvariantCulture)),
                _ => output.Append(c),
            };
        }

        output.Append('"');
    }

    private static bool NeedsEscape(char c) =>
        char.IsControl(c) || c is '\u2028' or '\u2029' or '\ufeff' or '\ufffe' or '\uffff';

    /// <summary>Whether the text without quotes is read as this very text, by YAML 1.1 readers too.</summary>
    private static bool IsSafe(string text)
    {
        if (PlainScalar.KindOf(text) != ScalarKind.Text
            || PlainScalar.IsOldBoolean(text)
            || !(char.IsAsciiLetter(text[0]) || text[0] is '/' or '.' or '_')
            || text[^1] == ':')
        {
            return false;
        }

        foreach (var c in text)
        {
            // No ':' but where nothing of YAML can follow it; no space, so that comments and trimming cannot happen.
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.' or '/' or '+' or '=' or '@' or ':' or '~'))
            {
                return false;
            }
        }

        return true;
    }
}
