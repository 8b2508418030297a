namespace Banyan.Testing;

/// <summary>Where the repository and its build outputs are.</summary>
public static class Repository
{
    /// <summary>The folder that holds <c>Banyan.slnx</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The sidecar; <c>BANYAN_PROXY</c> names another one, such as the ahead-of-time build.</summary>
    public static string Proxy =>
        Environment.GetEnvironmentVariable("BANYAN_PROXY") is { Length: > 0 } path
            ? path
            : Binary("Banyan.Proxy", "banyan-proxy");

    /// <summary>The command line.</summary>
    public static string Cli => Binary("Banyan.Cli", "banyan");

    /// <summary>A path inside the repository.</summary>
    public static string File(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    /// <summary>A program that was built in Release configuration.</summary>
    public static string Binary(string project, string name)
    {
        var path = File("artifacts", "bin", project, "release", name);
        return System.IO.File.Exists(path)
            ? path
            : throw new FileNotFoundException($"{path} is missing: run ./test, or dotnet build -c Release");
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "Banyan.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"no Banyan.slnx above {AppContext.BaseDirectory}");
    }
}
