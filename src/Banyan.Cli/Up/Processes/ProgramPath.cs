namespace Banyan.Cli.Up.Processes;

/// <summary>Finds the file of a command as a shell would, but answers with a message instead of code 127.</summary>
internal static class ProgramPath
{
    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>The absolute path of <paramref name="command"/>.</summary>
    /// <exception cref="SpawnException">No such program, or it may not be executed.</exception>
    public static string Find(string command, string directory, string? searchPath)
    {
        if (command.Contains('/'))
        {
            var path = Path.GetFullPath(command, directory);
            if (!File.Exists(path))
            {
                throw new SpawnException($"command '{command}' not found: there is no file {path}");
            }

            return IsExecutable(path)
                ? path
                : throw new SpawnException($"command '{command}' cannot be executed: run chmod +x {path}");
        }

        foreach (var folder in (searchPath ?? "/usr/local/bin:/usr/bin:/bin").Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            var path = Path.Combine(Path.GetFullPath(folder, directory), command);
            if (File.Exists(path) && IsExecutable(path))
            {
                return path;
            }
        }

        throw new SpawnException($"command '{command}' not found in PATH");
    }

    private static bool IsExecutable(string path) => (File.GetUnixFileMode(path) & AnyExecute) != 0;
}
