using System.Diagnostics;
using System.Globalization;
using Banyan.Bench.Load;
using Banyan.Bench.Processes;
using Banyan.Bench.Sides;

namespace Banyan.Bench.Discovery;

/// <summary>
/// One real sidecar with a real caller and a real application behind it: how soon a route that is applied shows in what
/// the caller gets.
/// </summary>
internal sealed class LiveMesh : IDisposable
{
    private const string BothCpus = "0,1";
    private const string Mark = "x-change";
    private const int Body = 131;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(25);

    private readonly ControlApi _api;
    private readonly HttpClient _caller;
    private readonly int _port;
    private readonly Child[] _children;

    private LiveMesh(ControlApi api, int outbound, int port, params Child[] children)
    {
        _api = api;
        _children = children;
        _port = port;
        _caller = new HttpClient(new SocketsHttpHandler { UseProxy = false })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{outbound}"),
            Timeout = Limit,
        };
        _caller.DefaultRequestHeaders.Host = $"live.default:{port}";
    }

    /// <summary>Starts the application and the sidecar of its caller.</summary>
    /// <param name="run">The run they belong to.</param>
    /// <param name="xds">Port of the control plane's xDS listener.</param>
    /// <param name="socket">Unix socket of its API.</param>
    public static LiveMesh Start(BenchRun run, int xds, string socket)
    {
        var backend = BackendSide.Start(run, new LoadShape(Protocol.Http1, 1, 1, Body), 1);
        var (port, outbound) = (backend.Ports[0], FreePort.Next());
        var api = new ControlApi(socket);
        api.ApplyAsync(Yaml(port)).GetAwaiter().GetResult();
        api.RegisterAsync("default/live-caller/0", $$"""
            {"namespace":"default","workload":"live-caller","replica":0,"state":"ready","ports":[],
            "outbound":"127.0.0.1:{{outbound}}"}
            """).GetAwaiter().GetResult();
        var state = Directory.CreateDirectory(Path.Combine(run.Folder, "live")).FullName;
        var admin = Path.Combine(state, "admin.sock");
        var proxy = run.Start("banyan-proxy (live)", BothCpus, Builds.Find(run.Options, Builds.Jit),
        [
            "--node", "default/live-caller/0", "--control", $"http://127.0.0.1:{xds}", "--state", state,
            "--admin", $"unix:{admin}", "--reactors", "1", "--log-level", "warn",
        ]);
        run.Await("banyan-proxy being ready", Limit, proxy, () => new AdminSocket(admin).Get("/ready") is not null);
        return new LiveMesh(api, outbound, port, proxy, backend.Process);
    }

    /// <summary>Applies one route after the other, each in turn.</summary>
    /// <returns>Milliseconds from the start of the call until the first answer by the new route, in ascending order.</returns>
    public async Task<List<double>> ChangesAsync(int warmUps, int count)
    {
        List<double> times = [];
        for (var change = 1; change <= warmUps + count; change++)
        {
            var time = await ChangeAsync(change.ToString(CultureInfo.InvariantCulture));
            if (change > warmUps)
            {
                times.Add(time.TotalMilliseconds);
            }

            await Task.Delay(Rest, TimeProvider.System);
        }

        times.Sort();
        return times;
    }

    public void Dispose()
    {
        _caller.Dispose();
        _api.Dispose();
        foreach (var child in _children)
        {
            child.Dispose();
        }
    }

    private async Task<TimeSpan> ChangeAsync(string mark)
    {
        var start = Stopwatch.GetTimestamp();
        var applying = Task.Run(() => _api.ApplyAsync(Route(_port, mark)));
        while (true)
        {
            using var answer = await _caller.GetAsync($"/items/{Body}");
            answer.EnsureSuccessStatusCode();
            var time = Stopwatch.GetElapsedTime(start);
            if (answer.Headers.TryGetValues(Mark, out var values) && values.Contains(mark, StringComparer.Ordinal))
            {
                await applying;
                return time;
            }

            if (time > Limit)
            {
                throw new BenchFailure($"a route that was applied does not show after {Limit.TotalSeconds} s");
            }
        }
    }

    private static string Yaml(int port) => $$"""
        apiVersion: banyan.dev/v1alpha1
        kind: Workload
        metadata: {name: live-v1}
        spec:
          service: live
          version: v1
          addresses: ["127.0.0.1"]
          ports: [{name: http, port: {{port}} }]
        ---
        apiVersion: banyan.dev/v1alpha1
        kind: Workload
        metadata: {name: live-caller}
        spec: {service: live-caller, version: v1, ports: [{name: http, port: 80}]}
        ---
        {{Route(port, "0")}}
        """;

    private static string Route(int port, string mark) => $$"""
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: {name: live}
        spec:
          parentRefs: [{group: "", kind: Service, name: live, port: {{port}} }]
          rules:
          - filters:
            - type: ResponseHeaderModifier
              responseHeaderModifier:
                set: [{name: {{Mark}}, value: "{{mark}}"}]
            backendRefs: [{name: live-v1, port: {{port}} }]
        """;
}
