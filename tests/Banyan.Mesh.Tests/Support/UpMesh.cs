using System.Text.Json;
using Banyan.Testing;

namespace Banyan.Mesh.Tests.Support;

/// <summary>A mesh as a user runs it: <c>banyan up</c> on a file, with the real control plane, sidecars and applications.</summary>
/// <remarks>Every mesh has a workload <c>client</c> without a service, whose sidecar is the way in.</remarks>
internal sealed class UpMesh : IAsyncDisposable
{
    /// <summary>Ten times what a start takes, and more on a loaded machine.</summary>
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);

    private readonly TempFolder _folder = new("up");
    private readonly TestProcess _up;
    private string? _marker;
    private int _drafts;

    private UpMesh(string text, string[] options)
    {
        Write(text);
        _up = TestProcess.Start(
            Repository.Cli, ["up", "mesh.yaml", "--state", "s", "--output", "json", .. options], Environment, _folder.Path);
    }

    /// <summary>What <c>up</c> printed.</summary>
    public JsonElement Report { get; private set; }

    /// <summary>The supervisor.</summary>
    public TestProcess Supervisor => _up;

    /// <summary>The folder in which it runs; the mesh's file and its state (<c>s</c>) are in it.</summary>
    public TempFolder Folder => _folder;

    /// <summary>Port of the client's sidecar.</summary>
    public int WayIn => Port(Process("client/0 sidecar").GetProperty("outbound").GetString()!);

    /// <summary>No setting of the outer world counts.</summary>
    public static Dictionary<string, string?> Environment { get; } = new(StringComparer.Ordinal)
    {
        ["BANYAN_STATE"] = null,
        ["http_proxy"] = null,
        ["HTTP_PROXY"] = null,
    };

    /// <summary>Starts it and waits until everything is ready.</summary>
    public static async Task<UpMesh> StartAsync(string text, params string[] options)
    {
        var mesh = new UpMesh(text, options);
        try
        {
            await Eventually.TrueAsync(
                () => mesh._up.HasExited || mesh._up.OutputLines.Count > 0, $"a mesh that is ready\n{mesh._up.Error}", StartDeadline);
            mesh.Report = mesh._up.OutputLines is [var line, ..]
                ? JsonDocument.Parse(line).RootElement
                : throw new InvalidOperationException($"{await mesh._up.EndAsync()}");
            return mesh;
        }
        catch
        {
            await mesh.DisposeAsync();
            throw;
        }
    }

    /// <summary>Saves the mesh's file, as editors do: a new file in the old one's place.</summary>
    public void Write(string text)
    {
        var draft = _folder.Write($".mesh{_drafts++}", text);
        File.Move(draft, _folder["mesh.yaml"], overwrite: true);
    }

    /// <summary>Runs a verb against this mesh.</summary>
    public Task<ProcessResult> RunAsync(params string[] arguments) => TestProcess.RunAsync(
        Repository.Cli, [.. arguments, "--state", "s"], Environment, _folder.Path);

    /// <summary>Runs a verb that must succeed and reads the one JSON document on its standard output.</summary>
    public async Task<JsonElement> JsonAsync(params string[] arguments)
    {
        var result = await RunAsync([.. arguments, "--output", "json"]);
        if (result.ExitCode != 0)
        {
            throw new InvalidOperationException($"banyan {string.Join(' ', arguments)}: {result}");
        }

        return JsonDocument.Parse(result.Output).RootElement;
    }

    /// <summary>What runs now.</summary>
    public async Task<IReadOnlyList<JsonElement>> ProcessesAsync() =>
        [.. (await JsonAsync("status")).GetProperty("processes").EnumerateArray()];

    /// <summary>Process number of something in the first report, such as <c>control</c> or <c>hello-v1/0 sidecar</c>.</summary>
    public int Pid(string name) => Process(name).GetProperty("pid").GetInt32();

    /// <summary>Every process that carries this mesh's mark, the supervisor excepted.</summary>
    public IReadOnlyList<int> Members()
    {
        var marker = $"BANYAN_SUPERVISOR={Marker()}";
        return [.. Processes.All().Where(pid => Processes.Environment(pid).Contains(marker, StringComparison.Ordinal))];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_up.HasExited)
        {
            _up.Signal(Processes.Terminate);
            try
            {
                await _up.EndAsync(StartDeadline);
            }
            catch (TimeoutException)
            {
                // Killed with its children below.
            }
        }

        await _up.DisposeAsync();
        _folder.Dispose();
    }

    private static int Port(string url) => new Uri(url).Port;

    private JsonElement Process(string name) =>
        Report.GetProperty("processes").EnumerateArray().Single(process => process.GetProperty("name").GetString() == name);

    /// <summary>Read once: the record goes with the supervisor, its children might not.</summary>
    private string Marker() => _marker ??=
        JsonDocument.Parse(File.ReadAllText(_folder["s/up.json"])).RootElement.GetProperty("marker").GetString()!;
}
