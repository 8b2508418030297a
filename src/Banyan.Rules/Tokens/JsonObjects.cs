using System.Text.Json;
using System.Text.Unicode;

namespace Banyan.Rules.Tokens;

/// <summary>Reads JSON that others wrote: one object, strictly, each name once in its object.</summary>
internal static class JsonObjects
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = TokenLimits.Depth };

    /// <summary>The document; null when it is none.</summary>
    /// <exception cref="InvalidOperationException">A text has half of a surrogate pair.</exception>
    public static JsonDocument? TryParse(ReadOnlyMemory<byte> json, out TokenRefusal refusal)
    {
        refusal = TokenRefusal.Malformed;
        JsonDocument document;
        try
        {
            if (!Utf8.IsValid(json.Span))
            {
                return null;
            }

            document = JsonDocument.Parse(json, Strict);
        }
        catch (JsonException)
        {
            return null;
        }

        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            document.Dispose();
            return null;
        }

        // Half of a surrogate pair is found by who reads the text, and only escapes make one.
        if (json.Span.IndexOf("\\u"u8) >= 0)
        {
            ReadTexts(document.RootElement);
        }

        if (HasTwice(document.RootElement))
        {
            document.Dispose();
            refusal = TokenRefusal.DuplicateName;
            return null;
        }

        refusal = TokenRefusal.None;
        return document;
    }

    private static void ReadTexts(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    ReadTexts(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    ReadTexts(property.Value);
                }

                break;
        }
    }

    private static bool HasTwice(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray())
            {
                if (HasTwice(item))
                {
                    return true;
                }
            }
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            HashSet<string> names = new(StringComparer.Ordinal);
            foreach (var property in element.EnumerateObject())
            {
                if (!names.Add(property.Name) || HasTwice(property.Value))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
