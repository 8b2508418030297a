using System.Text;
using System.Text.Json;

namespace Banyan.Model.Text;

/// <summary>JSON text to nodes: one value after another, each with its position.</summary>
internal ref struct JsonText
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly Reading _reading;
    private Utf8JsonReader _reader;
    private long _position;
    private int _line;
    private int _column;

    private JsonText(ReadOnlySpan<byte> bytes, Reading reading)
    {
        _bytes = bytes;
        _reading = reading;
        _line = 1;
        _column = 1;
        _reader = new Utf8JsonReader(bytes, new JsonReaderOptions
        {
            AllowMultipleValues = true,
            CommentHandling = JsonCommentHandling.Skip,
            MaxDepth = Limits.Depth,
        });
    }

    /// <summary>The roots of all values, or false and where the text stops being JSON.</summary>
    public static bool TryRead(string text, Reading reading, out List<Node> roots, out Problem? problem)
    {
        roots = [];
        problem = null;
        var json = new JsonText(Encoding.UTF8.GetBytes(text), reading);
        try
        {
            while (json._reader.Read())
            {
                roots.Add(json.ReadValue());
            }

            return true;
        }
        catch (JsonException e)
        {
            problem = reading.Problem(
                (int)(e.LineNumber ?? 0) + 1, (int)(e.BytePositionInLine ?? 0) + 1, $"not valid JSON: {Quote.Shorten(Reason(e), 300)}");
        }
        catch (InvalidOperationException)
        {
            // What Utf8JsonReader does for escapes that are not valid UTF-16.
            problem = reading.Problem(
                json._line, json._column, "not valid JSON: the text holds half of a surrogate pair");
        }

        return false;
    }

    private Node ReadValue()
    {
        Advance();
        var (line, column) = (_line, _column);
        switch (_reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var entries = new MapBuilder(_reading);
                while (_reader.Read() && _reader.TokenType != JsonTokenType.EndObject)
                {
                    Advance();
                    var key = new ScalarNode(_reader.GetString()!, isPlain: false, _line, _column);
                    _reader.Read();
                    entries.Add(key, ReadValue());
                }

                return entries.Build(line, column);
            case JsonTokenType.StartArray:
                var items = new List<Node>();
                while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
                {
                    items.Add(ReadValue());
                }

                return new ListNode(items, line, column);
            case JsonTokenType.String:
                return new ScalarNode(_reader.GetString()!, isPlain: false, line, column);
            default:
                return new ScalarNode(Encoding.UTF8.GetString(_reader.ValueSpan), isPlain: true, line, column);
        }
    }

    /// <summary>Counts lines and columns up to the current token.</summary>
    private void Advance()
    {
        foreach (var b in _bytes[(int)_position..(int)_reader.TokenStartIndex])
        {
            if (b == '\n')
            {
                _line++;
                _column = 1;
            }
            else if ((b & 0xC0) != 0x80)
            {
                _column++;
            }
        }

        _position = _reader.TokenStartIndex;
    }

    private static string Reason(JsonException e)
    {
        // The library's messages end with its own spelling of the position.
        var end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        var message = end < 0 ? e.Message : e.Message[..end];
        return message.Length > 0 ? char.ToLowerInvariant(message[0]) + message[1..].TrimEnd('.') : "";
    }
}
