using System.Text.Json;

namespace Banyan.Cli.Up;

/// <summary>Shows the JSON log lines of the mesh's own programs as text, the important ones only unless asked for more.</summary>
internal static class ProgramLog
{
    /// <summary>The text to show, or nothing.</summary>
    public static string? Format(string line, bool verbose)
    {
        if (!line.StartsWith('{'))
        {
            return line;
        }

        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            var level = Text(root, "level");
            return !verbose && level is "debug" or "info" or "trace"
                ? null
                : $"{level} {Text(root, "event")}: {Text(root, "message")}{Rest(root)}";
        }
        catch (JsonException)
        {
            return line;
        }
    }

    private static string Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static string Rest(JsonElement root)
    {
        var rest = root.EnumerateObject()
            .Where(property => property.Name is not ("time" or "level" or "event" or "message"))
            .Select(property => $"{property.Name}={property.Value}");
        var text = string.Join(' ', rest);
        return text.Length == 0 ? "" : $" ({text})";
    }
}
