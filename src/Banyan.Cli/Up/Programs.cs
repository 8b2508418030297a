namespace Banyan.Cli.Up;

/// <summary>Finds the mesh's own programs.</summary>
internal static class Programs
{
    /// <summary>Names the sidecar's program when it does not lie where the build puts it.</summary>
    public const string ProxyVariable = "BANYAN_PROXY";

    private const string ProxyName = "banyan-proxy";

    /// <summary>This very program, to be started again as control plane or guard.</summary>
    public static string Banyan
    {
        get
        {
            var beside = Path.Combine(AppContext.BaseDirectory, "banyan");
            return File.Exists(beside) ? beside : Environment.ProcessPath ?? beside;
        }
    }

    /// <summary>The sidecar.</summary>
    /// <exception cref="UserException">It is nowhere.</exception>
    public static string Proxy()
    {
        if (Environment.GetEnvironmentVariable(ProxyVariable) is { Length: > 0 } named)
        {
            return File.Exists(named)
                ? Path.GetFullPath(named)
                : throw new UserException($"{ProxyVariable} names {named}, which does not exist");
        }

        string[] candidates =
        [
            Path.Combine(AppContext.BaseDirectory, ProxyName),
            Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../Banyan.Proxy/release", ProxyName)),
        ];
        return candidates.FirstOrDefault(File.Exists)
            ?? throw new UserException(
                $"{ProxyName} not found (looked for {string.Join(" and ", candidates)}); "
                + $"build it with 'dotnet build src/Banyan.Proxy -c Release', or name it in {ProxyVariable}");
    }
}
