using System.Text.Json;
using System.Text.Json.Serialization;

namespace Banyan.Control.Registry;

/// <summary>How registrations become JSON and come back. What is not known is refused.</summary>
/// <remarks>Not generated at build time: generated readers put nulls where a field with a default is absent.</remarks>
internal static class RegistryJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
    };

    /// <summary>One line.</summary>
    public static string Write<T>(T value) => JsonSerializer.Serialize(value, Options);

    /// <summary>Reads a text; absent fields have their defaults.</summary>
    /// <exception cref="JsonException">It is no JSON, or of another form.</exception>
    public static T? Read<T>(string text) => JsonSerializer.Deserialize<T>(text, Options);
}
