using System.Globalization;

namespace Banyan.Xds.Refusal;

/// <summary>How a field is written.</summary>
internal enum FieldShape
{
    /// <summary>Set when it is neither 0 nor empty.</summary>
    Value,

    /// <summary>Set when it is there.</summary>
    Present,

    /// <summary>A <c>BoolValue</c> that changes something when it is true.</summary>
    True,

    /// <summary>A <c>BoolValue</c> whose default is true, so that it is false that changes something.</summary>
    False,

    /// <summary>A message.</summary>
    One,

    /// <summary>Any number of values or messages.</summary>
    Many,

    /// <summary>A map from text to messages.</summary>
    Map,
}

/// <summary>A field of the list.</summary>
/// <param name="Number">In the message that holds it.</param>
/// <param name="Name">As the contracts call it.</param>
/// <param name="Shape">How it is written.</param>
/// <param name="Type">Full name of the messages it holds; null for a refused one.</param>
/// <param name="Instead">For a refused one, what to write instead; may be empty.</param>
internal sealed record ListedField(int Number, string Name, FieldShape Shape, string? Type, string Instead);

/// <summary>The fields of the list by message and number. Thread-safe.</summary>
internal sealed class FieldTable
{
    private readonly Dictionary<string, Dictionary<int, ListedField>> _messages = new(StringComparer.Ordinal);

    /// <summary>Reads <see cref="RefusedFields.Table"/>.</summary>
    /// <exception cref="FormatException">The text is no such table.</exception>
    public static FieldTable Parse(string text)
    {
        var table = new FieldTable();
        var message = "";
        Dictionary<int, ListedField> fields = [];
        foreach (var range in text.AsSpan().Split('\n'))
        {
            var line = text[range];
            if (line[0] is '-' or '+')
            {
                var field = ParseField(message, line);
                fields.Add(field.Number, field);
            }
            else
            {
                table._messages.Add(message = line, fields = []);
            }
        }

        return table;
    }

    /// <summary>The listed fields of a message; null when it has none.</summary>
    public IReadOnlyDictionary<int, ListedField>? Of(string message) => _messages.GetValueOrDefault(message);

    private static ListedField ParseField(string message, string line)
    {
        var comma = line.IndexOf(',', StringComparison.Ordinal);
        var parts = (comma < 0 ? line : line[..comma]).Split(' ');
        return new ListedField(
            int.Parse(parts[1], CultureInfo.InvariantCulture),
            parts[2],
            Enum.Parse<FieldShape>(parts[3], ignoreCase: true),
            line[0] == '+' ? (parts[4][0] == '.' ? message : "") + parts[4] : null,
            comma < 0 ? "" : line[(comma + 2)..]);
    }
}
