using Banyan.Testing;

namespace Banyan.Mesh.Tests.Support;

/// <summary>Programs of Node.js beside a package-lock.json, copied into a folder of their own and installed there (<c>npm ci</c>).</summary>
internal static class NpmFolder
{
    /// <summary>Copies the folder's files and installs what they need; removed when the tests end.</summary>
    public static async Task<TempFolder> InstallAsync(params string[] path)
    {
        var folder = new TempFolder("npm");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        foreach (var file in Directory.GetFiles(Repository.File(["tests", "Banyan.Mesh.Tests", .. path])).Where(IsOfNode))
        {
            File.Copy(file, folder[Path.GetFileName(file)]);
        }

        var result = await TestProcess.RunAsync(
            "npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], folder: folder.Path, deadline: TimeSpan.FromMinutes(2));
        return result.ExitCode == 0 ? folder : throw new InvalidOperationException($"npm ci: {result}");
    }

    private static bool IsOfNode(string file) => Path.GetExtension(file) is ".js" or ".json";
}
