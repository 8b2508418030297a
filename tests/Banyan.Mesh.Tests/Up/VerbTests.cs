using System.Text.Json;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Up;

/// <summary>Every verb against a mesh that runs: its JSON is one document that says what it should.</summary>
public sealed class VerbTests(VerbTests.Fixture fixture) : IClassFixture<VerbTests.Fixture>
{
    private const string Other =
        """{apiVersion: v1, kind: Service, metadata: {name: other}, spec: {ports: [{name: http, port: 81}]}}""";

    private const string Check =
        """
        {apiVersion: banyan.dev/v1alpha1, kind: Check, metadata: {name: c},
         spec: {expect: [{app: hello-v1, counter: x, equals: 0}]}}
        """;

    private UpMesh Mesh => fixture.Mesh;

    [Fact]
    public async Task AnObjectIsAppliedShownAndDeleted()
    {
        Mesh.Folder.Write("other.yaml", Other);
        Assert.Equal(["Service default other created"], Changes(await Mesh.JsonAsync("apply", "other.yaml", "--dry-run")));
        Assert.Equal(["Service default other created"], Changes(await Mesh.JsonAsync("apply", "other.yaml")));
        Assert.Equal(["Service default other unchanged"], Changes(await Mesh.JsonAsync("apply", "other.yaml")));

        var one = await Mesh.JsonAsync("get", "service", "other");
        Assert.Equal("other", one.GetProperty("metadata").GetProperty("name").GetString());
        Assert.Equal("api", one.GetProperty("owner").GetString());
        Assert.Equal(81, one.GetProperty("spec").GetProperty("ports")[0].GetProperty("port").GetInt32());
        Assert.Contains("other", Names(await Mesh.JsonAsync("get", "services")));

        var deleted = await Mesh.JsonAsync("delete", "Service", "other");
        Assert.Equal("deleted", deleted.GetProperty("action").GetString());
        Assert.DoesNotContain("other", Names(await Mesh.JsonAsync("get", "services")));
    }

    [Fact]
    public async Task StatusShowsFilesProxiesAndProcesses()
    {
        var status = await Eventually.GetAsync(
            () => Mesh.JsonAsync("status"),
            seen => seen.GetProperty("control").GetProperty("proxies").EnumerateArray().All(proxy => proxy.GetProperty("synced").GetBoolean()),
            "proxies in step");
        var control = status.GetProperty("control");
        Assert.True(control.GetProperty("ready").GetBoolean());
        Assert.Equal("ok", control.GetProperty("sources")[0].GetProperty("state").GetString());
        Assert.Equal(
            ["default/client/0", "default/hello-v1/0"],
            control.GetProperty("proxies").EnumerateArray().Select(proxy => proxy.GetProperty("node").GetString()!));
        Assert.Equal(
            ["control control", "sidecar client/0 sidecar", "application client/0", "sidecar hello-v1/0 sidecar", "application hello-v1/0"],
            status.GetProperty("processes").EnumerateArray().Select(process => $"{process.GetProperty("role")} {process.GetProperty("name")}"));
    }

    [Fact]
    public async Task TopCountsWhatIsSent()
    {
        await using var load = Load.Start(Mesh.WayIn, "hello");
        await load.MoreAsync(20);
        var services = (await Mesh.JsonAsync("top", "--once")).GetProperty("services");
        var row = services.EnumerateArray().Single(row => row.GetProperty("service").GetString() == "hello");
        Assert.Equal("v1", row.GetProperty("version").GetString());
        Assert.True(row.GetProperty("requests").GetInt64() > 0);
        Assert.Equal((1, 1), (row.GetProperty("success").GetDouble(), row.GetProperty("share").GetDouble()));
        Assert.True(row.GetProperty("p50_ms").GetDouble() <= row.GetProperty("p99_ms").GetDouble());
    }

    [Fact]
    public async Task RestartSaysWhatItRestarted()
    {
        var restarted = await Mesh.JsonAsync("restart", "hello");
        Assert.Equal("default/hello-v1/1", restarted.GetProperty("restarted")[0].GetString());
        Assert.Equal("default/hello-v1/0", (await Mesh.JsonAsync("restart", "hello")).GetProperty("restarted")[0].GetString());
    }

    [Fact]
    public async Task ACompiledFileServesWhatTheMeshServes()
    {
        var (outbound, inbound) = (FreePorts.NextAddress(), FreePorts.NextAddress());
        var compiled = await Mesh.JsonAsync(
            "compile", "mesh.yaml", "--workload", "client", "--out", "client.pb", "--outbound", outbound, "--inbound", inbound);
        Assert.Equal("default/client/0", compiled.GetProperty("node").GetString());
        Assert.Equal(1, compiled.GetProperty("replicas").GetInt32());
        Directory.CreateDirectory(Mesh.Folder["alone"]);
        await using var proxy = TestProcess.Start(
            Repository.Proxy, ["--node", "default/client/0", "--snapshot", Mesh.Folder["client.pb"], "--state", Mesh.Folder["alone"]]);
        await proxy.LineAsync("\"ready\"");
        using var connection = await RawConnection.ConnectAsync(outbound);
        var answer = await connection.ExchangeAsync("GET / HTTP/1.1\r\nHost: hello\r\n\r\n");
        Assert.Equal((200, "v1/0"), (answer.Status, answer.Body));
    }

    [Fact]
    public async Task ACompiledFileWithoutAMeshSaysWhatItLacks()
    {
        var result = await TestProcess.RunAsync(
            Repository.Cli,
            ["compile", "mesh.yaml", "--workload", "client", "--out", "lonely.pb", "--state", "elsewhere"],
            UpMesh.Environment,
            Mesh.Folder.Path);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("the file holds no endpoints of hello-v1; start the mesh", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Mesh.Folder["elsewhere"]));
    }

    [Fact]
    public async Task ValidateCountsAndLists()
    {
        var good = await TestProcess.RunAsync(Repository.Cli, ["validate", Mesh.Folder["mesh.yaml"], "--output", "json"]);
        Assert.Equal(2, JsonDocument.Parse(good.Output).RootElement.GetProperty("objects").GetInt32());
        var wrong = Mesh.Folder.Write("wrong.txt.yaml", "{apiVersion: v1, kind: Service, metadata: {name: x}, spec: {ports: [{prt: 80}]}}\n");
        var bad = await TestProcess.RunAsync(Repository.Cli, ["validate", wrong, "--output", "json"]);
        File.Delete(wrong);
        Assert.Equal(1, bad.ExitCode);
        var problem = JsonDocument.Parse(bad.Output).RootElement.GetProperty("problems")[0];
        Assert.Equal(1, problem.GetProperty("line").GetInt32());
        Assert.Contains("prt", $"{problem}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("there is no Service default/nobody", "get", "Service", "nobody")]
    [InlineData("Service default/nobody", "delete", "Service", "nobody")]
    [InlineData("mesh.yaml", "delete", "Workload", "hello-v1")]
    [InlineData("bad.yaml:1:", "apply", "bad.yaml")]
    [InlineData("runs.yaml:1:1: spec.run", "apply", "runs.yaml")]
    [InlineData("checks.yaml:1:1: kind", "apply", "checks.yaml")]
    [InlineData("mesh.yaml", "apply", "theirs.yaml")]
    [InlineData("no removal of nothing.yaml is held", "apply", "--accept-removal", "nothing.yaml")]
    [InlineData("no process of this mesh stands behind 'nobody'; there are: client, hello", "restart", "nobody")]
    [InlineData("the files hold no such Workload", "compile", "mesh.yaml", "--workload", "nobody", "--out", "x.pb")]
    [InlineData("no/such/folder", "compile", "mesh.yaml", "--workload", "client", "--out", "no/such/folder/x.pb")]
    public async Task MistakesAreNamedAndChangeNothing(string message, params string[] arguments)
    {
        Mesh.Folder.Write("bad.yaml", "{apiVersion: v1, kind: Service, metadata: {name: bad}, spec: {ports: [{port: 99999}]}}\n");
        Mesh.Folder.Write("checks.yaml", Check);
        Mesh.Folder.Write("runs.yaml", MeshText.Of(MeshText.Workload("hello", "v2")));
        Mesh.Folder.Write("theirs.yaml", MeshText.Of(MeshText.Guest("hello", "v1", "client")));
        var before = await RevisionAsync();
        var result = await Mesh.RunAsync(arguments);
        Assert.True(result.ExitCode == 1, $"{result}");
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Equal("", result.Output);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("unexpected", result.Error, StringComparison.Ordinal);
        Assert.Equal(before, await RevisionAsync());
    }

    private static IEnumerable<string> Changes(JsonElement applied) => applied.GetProperty("changed").EnumerateArray().Select(change =>
        $"{change.GetProperty("kind")} {change.GetProperty("namespace")} {change.GetProperty("name")} {change.GetProperty("action")}");

    private static IEnumerable<string?> Names(JsonElement list) =>
        list.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("metadata").GetProperty("name").GetString());

    private async Task<long> RevisionAsync() =>
        (await Mesh.JsonAsync("status")).GetProperty("control").GetProperty("revision").GetInt64();

    public sealed class Fixture : IAsyncLifetime
    {
        internal UpMesh Mesh { get; private set; } = null!;

        /// <inheritdoc/>
        public async ValueTask InitializeAsync() =>
            Mesh = await UpMesh.StartAsync(MeshText.Of(MeshText.Client, MeshText.Workload("hello", "v1")));

        /// <inheritdoc/>
        public ValueTask DisposeAsync() => Mesh?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
