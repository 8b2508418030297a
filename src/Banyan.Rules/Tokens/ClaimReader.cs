using System.Text;
using System.Text.Json;

namespace Banyan.Rules.Tokens;

/// <summary>Takes claims out of a payload.</summary>
internal static class ClaimReader
{
    /// <summary>Adds the value of a claim, if there is one.</summary>
    /// <param name="payload">The payload.</param>
    /// <param name="slot">The claim's.</param>
    /// <param name="names">Where it stands.</param>
    /// <param name="spaced">Claims at the top that are lists with spaces between (<c>scope</c>, RFC 8693 §4.2).</param>
    /// <param name="values">Where the value goes.</param>
    public static void Add(
        JsonElement payload, int slot, IReadOnlyList<string> names, IReadOnlyCollection<string> spaced, List<ClaimValue> values)
    {
        var element = payload;
        foreach (var name in names)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                return;
            }
        }

        if (element.ValueKind == JsonValueKind.Array)
        {
            byte[][] texts = [.. element.EnumerateArray().Select(Text).OfType<byte[]>()];
            values.Add(new ClaimValue(slot, IsList: true, texts));
        }
        else if (element.ValueKind == JsonValueKind.String && names.Count == 1 && spaced.Contains(names[0], StringComparer.Ordinal))
        {
            var parts = element.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            values.Add(new ClaimValue(slot, IsList: true, Array.ConvertAll(parts, Encoding.UTF8.GetBytes)));
        }
        else if (Text(element) is { } text)
        {
            values.Add(new ClaimValue(slot, IsList: false, [text]));
        }
    }

    private static byte[]? Text(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => Encoding.UTF8.GetBytes(element.GetString()!),
        JsonValueKind.Number => Encoding.UTF8.GetBytes(element.GetRawText()),
        JsonValueKind.True => "true"u8.ToArray(),
        JsonValueKind.False => "false"u8.ToArray(),
        _ => null,
    };
}
