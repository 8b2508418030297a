namespace Banyan.Model;

/// <summary>Objects back to text. What equals its default is left out; reading the text again gives an equal object.</summary>
public static class ObjectWriter
{
    /// <summary>One YAML document, without <c>---</c>.</summary>
    public static string ToYaml(MeshObject item, ObjectStatus? status = null) => throw new NotSupportedException();

    /// <summary>One JSON object.</summary>
    public static string ToJson(MeshObject item, ObjectStatus? status = null, bool indented = false) => throw new NotSupportedException();
}
