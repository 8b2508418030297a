namespace Banyan.Model;

/// <summary>Reads YAML or JSON text into objects. Pure; never throws on any text.</summary>
public static class ConfigReader
{
    /// <param name="path">Name of the text in messages.</param>
    /// <param name="text">One or many documents.</param>
    public static ReadResult Read(string path, string text) => throw new NotSupportedException();
}
