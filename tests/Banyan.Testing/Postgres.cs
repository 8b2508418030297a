namespace Banyan.Testing;

/// <summary>A PostgreSQL server of Debian's package in a folder of its own. It refuses to run as root, so root lends it the
/// package's user.</summary>
public sealed class Postgres : IAsyncDisposable
{
    // Not below TMPDIR: the folders above must be open to the other user.
    private readonly string _folder = $"/tmp/banyan-pg-{Guid.NewGuid():N}";
    private TestProcess? _server;

    public int Port { get; } = FreePorts.Next();

    public TestProcess Server => _server ?? throw new InvalidOperationException("start it first");

    public async Task<Postgres> StartAsync()
    {
        await RunAsync("initdb", "-D", _folder, "-A", "trust", "-U", "postgres", "-N", "--no-locale", "-E", "UTF8");
        await RunAsync();
        return this;
    }

    /// <summary>Starts the server on its data, for the first time or again.</summary>
    public async Task RunAsync()
    {
        var (program, arguments) = Command(
            "postgres", "-D", _folder, "-p", $"{Port}", "-k", _folder, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off");
        _server = TestProcess.Start(program, arguments);
        await _server.LineAsync("ready to accept connections");
    }

    /// <summary>Ends the server at once; its data stay.</summary>
    public async Task StopAsync()
    {
        const int Quit = 3;
        Server.Signal(Quit);
        await Server.EndAsync();
        await Server.DisposeAsync();
        _server = null;
    }

    public static Task<ProcessResult> QueryAsync(int port, string sql, string database = "postgres") => TestProcess.RunAsync(
        "psql", ["-h", "127.0.0.1", "-p", $"{port}", "-U", "postgres", "-d", database, "-At", "-v", "ON_ERROR_STOP=1", "-c", sql]);

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static async Task RunAsync(string name, params string[] arguments)
    {
        var (program, all) = Command(name, arguments);
        var result = await TestProcess.RunAsync(program, all, folder: "/");
        if (result.ExitCode != 0)
        {
            throw new InvalidOperationException($"{name}: {result}");
        }
    }

    private static (string Program, string[] Arguments) Command(string name, params string[] arguments)
    {
        // Debian keeps the server's programs off the path, by version.
        var folder = Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Last();
        var program = Path.Combine(folder, "bin", name);
        return Environment.IsPrivilegedProcess
            ? ("setpriv", ["--reuid", "postgres", "--regid", "postgres", "--clear-groups", program, .. arguments])
            : (program, arguments);
    }
}
