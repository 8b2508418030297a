using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Banyan.Control;
using Banyan.Control.Api;
using Banyan.Model;
using Banyan.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Banyan.Tests.Control;

/// <summary>A control plane in a folder of its own, on free ports, with a client of its API.</summary>
internal sealed class TestControl : IAsyncDisposable
{
    private readonly TempFolder? _owned;
    private ControlPlane? _plane;
    private HttpClient? _api;

    private TestControl(TempFolder folder, TempFolder? owned)
    {
        Folder = folder;
        _owned = owned;
    }

    public TempFolder Folder { get; }

    public ControlPlane Plane => _plane!;

    public HttpClient Api => _api!;

    public string ConfigFolder => Folder["config"];

    /// <summary>Starts on <c>config/</c>, which the test may fill, and waits until it is ready.</summary>
    public static async Task<TestControl> StartAsync(params (string Name, string Text)[] files)
    {
        var folder = new TempFolder("control");
        Directory.CreateDirectory(folder["config"]);
        foreach (var (name, text) in files)
        {
            folder.Write("config/" + name, text);
        }

        var control = await StartInAsync(folder, [folder["config"]], owned: folder);
        await control.ReadyAsync();
        return control;
    }

    /// <summary>Starts on a database that others may share, on <c>config/</c> or the given paths; ready on return.</summary>
    public static async Task<TestControl> StartOnAsync(
        string store, IReadOnlyList<string>? files = null, TimeSpan? ttl = null)
    {
        var folder = new TempFolder("control");
        Directory.CreateDirectory(folder["config"]);
        var control = await StartInAsync(folder, files ?? [folder["config"]], owned: folder, ttl: ttl, store: store);
        await control.ReadyAsync();
        return control;
    }

    /// <summary>Starts on the given paths, and does not wait.</summary>
    public static async Task<TestControl> StartInAsync(
        TempFolder folder,
        IReadOnlyList<string> files,
        TempFolder? owned = null,
        TimeSpan? ttl = null,
        string? store = null,
        TimeProvider? time = null,
        ILoggerFactory? logs = null,
        TimeSpan? keyRefresh = null)
    {
        var control = new TestControl(folder, owned);
        control._plane = new ControlPlane(new ControlPlaneOptions
        {
            StateDirectory = folder["state"],
            Files = files,
            Store = store,
            Xds = new IPEndPoint(IPAddress.Loopback, 0),
            XdsTls = new IPEndPoint(IPAddress.Loopback, 0),
            Api = new IPEndPoint(IPAddress.Loopback, 0),
            InstanceTtl = ttl ?? TimeSpan.FromMinutes(5),
            KeyRefresh = keyRefresh ?? TimeSpan.FromMinutes(5),
        }, logs, time);
        await control.Plane.StartAsync();
        control._api = UnixClient(control.Plane.SocketPath);
        return control;
    }

    public static HttpClient UnixClient(string path) => UnixSocketClient.Create(path);

    public Task ReadyAsync() => Eventually.WithinAsync(Plane.Ready, "the control plane is ready");

    public Task<XdsClient> XdsAsync(string node = "default/client/0") => XdsClient.ConnectAsync(Plane.XdsEndPoint, node);

    public Task<WorldClient> WorldAsync(string node = "default/client/0", string? flavour = null) =>
        WorldClient.ConnectAsync(Plane.XdsEndPoint, node, flavour);

    public string Write(string name, string text) => Folder.Write("config/" + name, text);

    /// <summary>Replaces a file as good editors do.</summary>
    public void Replace(string name, string text)
    {
        var temporary = Folder.Write("config/." + name + ".new", text);
        File.Move(temporary, Path.Combine(ConfigFolder, name), overwrite: true);
    }

    public async Task<StatusDocument> StatusAsync() =>
        (await Api.GetFromJsonAsync("/api/v1/status", ApiJson.Default.StatusDocument))!;

    public Task<StatusDocument> StatusAsync(Func<StatusDocument, bool> wanted, string what) =>
        Eventually.GetAsync(StatusAsync, wanted, what);

    public Task<HttpResponseMessage> ApplyAsync(string text, string query = "", string type = "text/yaml") =>
        Api.PostAsync("/api/v1/apply?by=test" + query, new StringContent(text, Encoding.UTF8, type));

    public async Task<ApplyResult> AppliedAsync(string text, string query = "")
    {
        using var response = await ApplyAsync(text, query);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return (await response.Content.ReadFromJsonAsync(ApiJson.Default.ApplyResult))!;
    }

    public async Task RegisterAsync(WorkloadInstance instance)
    {
        using var response = await Api.PutAsync(
            $"/api/v1/instances/{instance.NodeId}", new StringContent(instance.ToJson(), Encoding.UTF8, "application/json"));
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    public static async Task<ProblemDocument> ProblemAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == response.StatusCode, $"{response.StatusCode}: {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        return (await response.Content.ReadFromJsonAsync(ApiJson.Default.ProblemDocument))!;
    }

    /// <summary>Stops it and starts another on the same folders.</summary>
    public async Task<TestControl> RestartAsync(TimeSpan? ttl = null, bool ready = true, params string[] files)
    {
        await Plane.DisposeAsync();
        Api.Dispose();
        var next = await StartInAsync(Folder, files.Length > 0 ? files : [ConfigFolder], _owned, ttl);
        if (ready)
        {
            await next.ReadyAsync();
        }

        return next;
    }

    public async ValueTask DisposeAsync()
    {
        _api?.Dispose();
        if (_plane is not null)
        {
            await _plane.DisposeAsync();
        }

        _owned?.Dispose();
    }
}
