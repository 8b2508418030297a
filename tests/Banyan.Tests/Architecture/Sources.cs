using Banyan.Testing;

namespace Banyan.Tests.Architecture;

/// <summary>The files of the repository that people write.</summary>
internal static class Sources
{
    private static readonly string[] Skipped = ["artifacts", "node_modules", "bin", "obj", ".git", ".banyan"];

    /// <summary>Paths relative to the root, with forward slashes.</summary>
    public static IEnumerable<string> All(params string[] extensions) =>
        Walk(new DirectoryInfo(Repository.Root))
            .Where(file => extensions.Contains(file.Extension, StringComparer.Ordinal))
            .Select(file => Path.GetRelativePath(Repository.Root, file.FullName));

    public static string[] Lines(string path) => File.ReadAllLines(Repository.File(path));

    private static IEnumerable<FileInfo> Walk(DirectoryInfo folder) =>
        folder.EnumerateFiles().Concat(folder.EnumerateDirectories()
            .Where(inner => !Skipped.Contains(inner.Name, StringComparer.Ordinal))
            .SelectMany(Walk));
}
