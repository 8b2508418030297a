using System.Globalization;

namespace Banyan.Testing;

/// <summary>A request or response as it stood on the wire.</summary>
public sealed record RawMessage(string StartLine, IReadOnlyList<KeyValuePair<string, string>> Fields)
{
    /// <summary>The head with its final empty line, byte for byte.</summary>
    public string Head { get; init; } = "";

    /// <summary>Body without transfer coding, one character a byte.</summary>
    public string Body { get; init; } = "";

    /// <summary>Trailer fields.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Trailers { get; init; } = [];

    /// <summary>Whether the body came in chunks.</summary>
    public bool Chunked { get; init; }

    /// <summary>Status of a response.</summary>
    public int Status => int.Parse(StartLine.AsSpan("HTTP/1.1 ".Length, 3), CultureInfo.InvariantCulture);

    /// <summary>Method of a request.</summary>
    public string Method => StartLine.Split(' ')[0];

    /// <summary>Target of a request.</summary>
    public string Target => StartLine.Split(' ')[1];

    /// <summary>All values of a field joined by a comma, null when it is absent.</summary>
    public string? this[string name]
    {
        get
        {
            var values = Fields
                .Where(field => field.Key.Equals(name, StringComparison.OrdinalIgnoreCase))
                .Select(field => field.Value)
                .ToArray();
            return values.Length == 0 ? null : string.Join(", ", values);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Head + Body;

    internal static RawMessage ParseHead(string head)
    {
        var lines = head[..^4].Split("\r\n");
        return new RawMessage(lines[0], [.. lines.Skip(1).Select(ParseField)]) { Head = head };
    }

    internal static KeyValuePair<string, string> ParseField(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return colon < 0
            ? throw new InvalidDataException($"not a field: \"{line}\"")
            : new(line[..colon], line[(colon + 1)..].Trim());
    }
}
