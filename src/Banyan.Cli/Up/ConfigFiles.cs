using Banyan.Control.Sources.Files;
using Banyan.Model;

namespace Banyan.Cli.Up;

/// <summary>The files and folders of a command line, read with the same reader as the control plane's.</summary>
internal static class ConfigFiles
{
    private static readonly string[] Endings = [".yaml", ".yml", ".json"];

    /// <summary>Every configuration file that the paths mean, in order.</summary>
    /// <param name="paths">Files and folders.</param>
    /// <param name="mayBeGone">Whether a path that does not exist holds nothing, instead of being a mistake.</param>
    /// <exception cref="UserException">A path does not exist, or a folder cannot be read.</exception>
    public static IReadOnlyList<string> Expand(IEnumerable<string> paths, bool mayBeGone = false)
    {
        var files = new List<string>();
        foreach (var path in paths)
        {
            if (Directory.Exists(path))
            {
                files.AddRange(ReadFolder(path));
            }
            else if (File.Exists(path))
            {
                files.Add(path);
            }
            else if (!mayBeGone)
            {
                throw new UserException($"{path}: no such file or folder");
            }
        }

        return files;
    }

    /// <summary>Reads and checks everything together.</summary>
    /// <exception cref="UserException">A path or file cannot be read.</exception>
    public static ConfigSet Read(IReadOnlyList<string> paths, bool mayBeGone = false)
    {
        var files = Expand(paths, mayBeGone);
        var objects = new List<MeshObject>();
        var problems = new List<Problem>();
        var skipped = new List<SkippedKind>();
        foreach (var file in files)
        {
            var result = ConfigReader.Read(file, ReadText(file));
            objects.AddRange(result.Objects);
            problems.AddRange(result.Problems);
            skipped.AddRange(result.SkippedKinds);
        }

        problems.AddRange(Validator.Check(objects));
        return new ConfigSet(files, objects, problems, skipped);
    }

    private static bool IsConfiguration(string file) =>
        Endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase) && !Path.GetFileName(file).StartsWith('.');

    private static IEnumerable<string> ReadFolder(string path)
    {
        try
        {
            return [.. Directory.EnumerateFiles(path).Where(IsConfiguration).Order(StringComparer.Ordinal)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path}: {exception.Message}");
        }
    }

    private static string ReadText(string file)
    {
        var (text, error) = FileText.Read(file);
        return text ?? throw new UserException($"{file}: {error ?? "no such file"}");
    }
}

/// <summary>What a set of files holds.</summary>
internal sealed record ConfigSet(
    IReadOnlyList<string> Files,
    IReadOnlyList<MeshObject> Objects,
    IReadOnlyList<Problem> Problems,
    IReadOnlyList<SkippedKind> Skipped);
