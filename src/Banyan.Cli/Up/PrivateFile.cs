namespace Banyan.Cli.Up;

/// <summary>Files that are nobody else's from the first moment, and whole.</summary>
internal static class PrivateFile
{
    /// <summary>Writes one line in place of what was there.</summary>
    /// <exception cref="IOException">The disk does not take it.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written.</exception>
    public static void Write(string path, string line)
    {
        var draft = path + ".new";
        File.Delete(draft);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var writer = new StreamWriter(draft, options))
        {
            writer.WriteLine(line);
        }

        File.Move(draft, path, overwrite: true);
    }
}
