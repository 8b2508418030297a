namespace Banyan.Testing;

/// <summary>A folder of its own for one test, removed with everything in it.</summary>
public sealed class TempFolder : IDisposable
{
    /// <summary>Creates the folder; <paramref name="name"/> only helps to recognise it.</summary>
    public TempFolder(string name = "test") => Path = Directory.CreateTempSubdirectory($"banyan-{name}-").FullName;

    /// <summary>Absolute path.</summary>
    public string Path { get; }

    /// <summary>A path inside the folder.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file (folders are made) and returns its path.</summary>
    public string Write(string name, string text)
    {
        var path = this[name];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A process that is just being killed may still write here: the second try finds it gone.
            Directory.Delete(Path, recursive: true);
        }
    }
}
