using Banyan.Control.Sources.Files;
using Banyan.Model;

namespace Banyan.Cli.Commands;

/// <summary>A file with objects that is named on the command line.</summary>
internal static class ObjectFile
{
    private const string StandardInput = "-";

    /// <summary>Its text, and what messages call it.</summary>
    /// <exception cref="UserException">It cannot be read, has mistakes, or holds no object.</exception>
    public static async Task<(string Text, string Name)> ReadAsync(string path, CancellationToken cancel)
    {
        var name = path == StandardInput ? "standard input" : path;
        if (path != StandardInput && Directory.Exists(path))
        {
            throw new UserException($"{path} is a folder: name a file");
        }

        var (text, error) = path == StandardInput
            ? await Task.Run(() => FileText.Read(Console.OpenStandardInput()), cancel)
            : await FileText.ReadAsync(path, cancel);
        if (text is null)
        {
            throw new UserException($"{name}: {error ?? "no such file"}");
        }

        // Checked here first: the messages then name the file as it was given.
        var read = ConfigReader.Read(name, text);
        if (read.Problems.Count > 0)
        {
            throw new UserException(string.Join('\n', read.Problems));
        }

        return read.Objects.Count > 0 ? (text, name) : throw new UserException($"{name} holds no object");
    }
}
