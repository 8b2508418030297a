using System.Net;
using Banyan.Bench.Load;
using Banyan.Bench.Processes;
using Banyan.Xds;
using Google.Protobuf;

namespace Banyan.Bench.Sides;

/// <summary>banyan-proxy with a snapshot and no control plane.</summary>
internal sealed class BanyanSide : Side
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(10);

    private readonly string _resources;

    private BanyanSide(string name, Child process, int port, string resources, AdminSocket admin)
        : base(name, "", process, port)
    {
        _resources = resources;
        Admin = admin;
    }

    public AdminSocket Admin { get; }

    public override string Resources => _resources;

    /// <summary>The row that does what a peer does.</summary>
    public static BanyanSide StartBare(BenchRun run, string proxy, Protocol protocol, BackendSide backend) => Start(
        run, "bare", proxy, port => protocol == Protocol.Tcp ? MeshResources.Tcp(port, [backend.Ports[0]]) : MeshResources.Bare(port, backend.Ports[0]));

    /// <summary>The row that does what a mesh does.</summary>
    public static BanyanSide StartMesh(BenchRun run, string proxy, Protocol protocol, BackendSide backend, string name = "mesh") => Start(
        run, name, proxy, port => protocol == Protocol.Tcp ? MeshResources.Tcp(port, backend.Ports) : MeshResources.Mesh(port, backend.Ports));

    /// <summary>The caller's sidecar, which leads to the other one's port.</summary>
    public static BanyanSide StartCaller(BenchRun run, string proxy, int inbound, string hop) =>
        Start(run, hop, proxy, port => MeshResources.Caller(port, inbound), ("BANYAN_HOP", hop));

    /// <summary>The sidecar in front of the application.</summary>
    public static BanyanSide StartCallee(BenchRun run, string proxy, int application) =>
        Start(run, "callee", proxy, port => MeshResources.Callee(port, application));

    /// <summary>One with an identity, whose control plane is away: it serves what it was told last.</summary>
    public static BanyanSide StartSecured(
        BenchRun run, string proxy, string name, Func<IPEndPoint, SavedResources> resources, BenchIdentities identities) =>
        Launch(run, name, proxy, resources, SnapshotFormat.FileName, [], state =>
        {
            identities.Give(state, name);
            return ["--control", $"https://127.0.0.1:{FreePort.Next()}", "--service-account", name];
        });

    private static BanyanSide Start(
        BenchRun run, string name, string proxy, Func<IPEndPoint, SavedResources> resources, params (string, string)[] settings) =>
        Launch(run, name, proxy, resources, "compiled.pb", settings, state => ["--snapshot", Path.Combine(state, "compiled.pb")]);

    private static BanyanSide Launch(
        BenchRun run,
        string name,
        string proxy,
        Func<IPEndPoint, SavedResources> resources,
        string file,
        (string, string)[] settings,
        Func<string, string[]> source)
    {
        var port = FreePort.Next();
        var saved = resources(new IPEndPoint(IPAddress.Loopback, port));
        var state = Directory.CreateDirectory(Path.Combine(run.Folder, $"{name}-{port}")).FullName;
        File.WriteAllBytes(Path.Combine(state, file), SnapshotFormat.Encode(saved));
        var socket = Path.Combine(state, "admin.sock");
        string[] arguments =
        [
            "--node", saved.NodeId, "--state", state, .. source(state), "--admin", $"unix:{socket}", "--reactors", "1",
            "--log-level", "error",
        ];
        (string, string)[] environment = run.Options.Allocations ? [("BANYAN_TEST", "1"), .. settings] : settings;
        var process = run.Start($"banyan-proxy ({name})", BenchRun.ProxyCpu, proxy, arguments, environment);
        var side = new BanyanSide(name, process, port, MeshResources.Describe(saved), new AdminSocket(socket));
        run.Await("banyan-proxy listening", ReadyLimit, process, side.Accepts, pollMilliseconds: 1);
        return side;
    }

    /// <summary>Waits until the proxy says itself that it serves.</summary>
    public void AwaitReady(BenchRun run) =>
        run.Await("banyan-proxy being ready", ReadyLimit, Process, () => Admin.Get("/ready") is not null, pollMilliseconds: 1);
}
