using System.Net;
using System.Text;
using System.Text.Json;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;

namespace Banyan.Mesh.Tests.Replicas;

/// <summary>Two control planes as processes on one PostgreSQL, and sidecars which know both.</summary>
internal sealed class ReplicaMesh : IAsyncDisposable
{
    private readonly TempFolder _folder = new("replicas");
    private readonly Postgres _database = new();
    private readonly List<TestProcess> _proxies = [];
    private readonly List<int> _waysIn = [];

    private ReplicaMesh()
    {
    }

    /// <summary>The control planes.</summary>
    public List<Replica> Controls { get; } = [];

    /// <summary>Ports of the sidecars' outbound listeners.</summary>
    public IReadOnlyList<int> WaysIn => _waysIn;

    /// <summary>The application: it answers with the mark that the route set.</summary>
    public TestBackend Echo { get; } = new(static request => Reply.Ok(request["x-mark"] ?? "none")) { Remember = false };

    /// <summary>Starts the database, two control planes and so many sidecars; returns when all serve.</summary>
    public static async Task<ReplicaMesh> StartAsync(int sidecars)
    {
        var mesh = new ReplicaMesh();
        try
        {
            await mesh._database.StartAsync();
            mesh.StartControl();
            mesh.StartControl();
            foreach (var control in mesh.Controls)
            {
                await control.Process.LineAsync("\"xds\"");
            }

            await ApplyAsync(mesh.Controls[0], MeshText.Of(mesh.Service(), Route("0")));
            for (var i = 0; i < sidecars; i++)
            {
                await mesh.StartSidecarAsync(i);
            }

            foreach (var proxy in mesh._proxies)
            {
                await proxy.LineAsync("\"ready\"");
            }

            await Eventually.TrueAsync(
                async () => (await mesh.SyncedAsync()).Sum() == sidecars, $"{sidecars} sidecars have their configuration");
            return mesh;
        }
        catch
        {
            await mesh.DisposeAsync();
            throw;
        }
    }

    /// <summary>A route that marks each request.</summary>
    public static string Route(string mark) =>
        $$"""
        {apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: echo},
         spec: {parentRefs: [{group: "", kind: Service, name: echo}],
                rules: [{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-mark, value: "{{mark}}"}] } }],
                         backendRefs: [{name: echo-v1, port: 80}]}] } }
        """;

    /// <summary>Applies at a control plane.</summary>
    public static async Task ApplyAsync(Replica control, string text)
    {
        using var answer = await control.Api.PostAsync(
            "/api/v1/apply?by=test", new StringContent(text, Encoding.UTF8, "text/yaml"));
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
        }
    }

    /// <summary>How many sidecars are connected to each control plane and have acknowledged the newest.</summary>
    public Task<int[]> SyncedAsync() => Task.WhenAll(Controls.Select(SyncedAsync));

    /// <summary>How many sidecars are connected to that one and have acknowledged the newest.</summary>
    public static async Task<int> SyncedAsync(Replica control)
    {
        using var status = JsonDocument.Parse(await control.Api.GetStringAsync("/api/v1/status"));
        return status.RootElement.GetProperty("proxies").EnumerateArray().Count(proxy => proxy.GetProperty("synced").GetBoolean());
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in _proxies.Concat(Controls.Select(control => control.Process)))
        {
            await process.DisposeAsync();
        }

        foreach (var control in Controls)
        {
            control.Api.Dispose();
        }

        await Echo.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    private string Service() =>
        $$"""
        {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: echo-v1},
         spec: {service: echo, version: v1, ports: [{name: http, port: 80, targetPort: {{Echo.Port}}}], addresses: ["127.0.0.1"] } }
        """;

    private void StartControl()
    {
        var folder = _folder[$"control{Controls.Count}"];
        var xds = FreePorts.NextAddress();
        var process = TestProcess.Start(
            Repository.Cli,
            [
                "control", "--state", folder, "--store", $"postgres://postgres@127.0.0.1:{_database.Port}/postgres",
                "--xds", xds, "--api", FreePorts.NextAddress(), "--socket", Path.Combine(folder, "control.sock"), "--output", "json",
            ],
            UpMesh.Environment);
        Controls.Add(new Replica(process, xds, UnixSocketClient.Create(Path.Combine(folder, "control.sock"))));
    }

    private async Task StartSidecarAsync(int number)
    {
        var node = $"default/caller/{number}";
        var wayIn = FreePorts.Next();
        var instance = $$"""
            {"namespace":"default","workload":"caller","replica":{{number}},"state":"ready","ports":[],"outbound":"127.0.0.1:{{wayIn}}","upstreams":[]}
            """;
        using var answer = await Controls[number % Controls.Count].Api.PutAsync(
            $"/api/v1/instances/{node}", new StringContent(instance, Encoding.UTF8, "application/json"));
        if (answer.StatusCode != HttpStatusCode.NoContent)
        {
            throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
        }

        _waysIn.Add(wayIn);
        _proxies.Add(TestProcess.Start(
            Repository.Proxy,
            [
                "--node", node, "--control", string.Join(',', Controls.Select(control => $"http://{control.Xds}")),
                "--state", _folder[$"proxy{number}"],
            ],
            UpMesh.Environment));
    }
}

/// <summary>One of the control planes.</summary>
/// <param name="Process">It.</param>
/// <param name="Xds">Where sidecars ask.</param>
/// <param name="Api">A client of its API.</param>
internal sealed record Replica(TestProcess Process, string Xds, HttpClient Api);
