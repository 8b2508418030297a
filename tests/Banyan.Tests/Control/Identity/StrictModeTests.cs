using System.Net;
using Banyan.Testing;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Google.Protobuf;
using Xunit;
using Direction = Banyan.Xds.EdgeRecord.Types.Direction;

namespace Banyan.Tests.Control.Identity;

/// <summary>Nobody is cut off by strict mutual TLS who was not asked.</summary>
public sealed class StrictModeTests
{
    private const string StrictMesh = """
        {apiVersion: banyan.dev/v1alpha1, kind: Mesh, metadata: {name: default}, spec: {mutualTls: {mode: strict}}}
        """;

    private const string StrictWeb = """
        {apiVersion: banyan.dev/v1alpha1, kind: MutualTls, metadata: {name: web}, spec: {selector: {service: web}, mode: strict}}
        """;

    private const string ButForPort = """
        {apiVersion: banyan.dev/v1alpha1, kind: MutualTls, metadata: {name: web}, spec: {selector: {service: web}, mode: strict, ports: [{port: 80, mode: permissive}]}}
        """;

    [Fact]
    public async Task ASwitchToStrictIsRefusedWithTheCallersThatWouldBeCutOff()
    {
        var lab = new IdentityLab();
        await lab.InitializeAsync();
        await using var control = lab.Control;
        await control.AppliedAsync(Texts.Workload("cart") + "\n---\n" + Texts.Workload("quiet"));
        await ReportAsync(lab, "default/web-v1/0", Edge(Direction.Server, 5, mtls: false));
        await ReportAsync(lab, "default/cart-v1/0", Edge(Direction.Client, 2, mtls: false));
        await ReportAsync(lab, "default/web-v1/1", Edge(Direction.Server, 7, mtls: true));
        foreach (var text in (string[])[StrictMesh, StrictWeb])
        {
            foreach (var query in (string[])["", "&dryRun=true"])
            {
                using var refused = await control.ApplyAsync(text, query);
                var problem = Assert.Single((await TestControl.ProblemAsync(refused, HttpStatusCode.Conflict)).Problems!);
                Assert.Contains("web.default:80", problem.Message, StringComparison.Ordinal);
                Assert.Contains("default/cart-v1 (2 calls", problem.Message, StringComparison.Ordinal);
                Assert.Contains("callers without a sidecar (3 calls", problem.Message, StringComparison.Ordinal);
                Assert.Contains("--force", problem.Message, StringComparison.Ordinal);
                Assert.Equal(1, problem.Line);
            }
        }

        // What nobody would notice is taken at once; and what is said to be meant.
        await control.AppliedAsync(ButForPort);
        await control.AppliedAsync(StrictMesh);
        using (var opened = await control.Api.DeleteAsync("/api/v1/resources/mutualtls/default/web"))
        {
            // The Mesh behind it is strict.
            await TestControl.ProblemAsync(opened, HttpStatusCode.Conflict);
        }

        await control.AppliedAsync(StrictWeb, "&force=true");
    }

    [Fact]
    public async Task CallersOfTheDayBeforeYesterdayDoNotCount()
    {
        var lab = new IdentityLab();
        await lab.InitializeAsync();
        await using var control = lab.Control;
        await ReportAsync(lab, "default/web-v1/0", Edge(Direction.Server, 5, mtls: false));
        using (var refused = await control.ApplyAsync(StrictMesh))
        {
            await TestControl.ProblemAsync(refused, HttpStatusCode.Conflict);
        }

        // In the first hour of which something counts, and too early in it.
        lab.Time.Advance(TimeSpan.FromHours(24) + TimeSpan.FromMinutes(10));
        await control.AppliedAsync(StrictMesh);
    }

    private static EdgeRecord Edge(Direction direction, ulong count, bool mtls) => new()
    {
        Direction = direction,
        Protocol = EdgeRecord.Types.Protocol.Http,
        Service = "web",
        Namespace = "default",
        Port = 80,
        Workload = "web-v1",
        Version = "v1",
        Method = "GET",
        Status = 200,
        Count = count,
        Mtls = mtls,
    };

    private static async Task ReportAsync(IdentityLab lab, string node, EdgeRecord edge)
    {
        var now = (ulong)lab.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var report = new EdgeReport
        {
            Node = node, Epoch = 1, Sequence = 1, FromUnixMs = (long)now - 5000, ToUnixMs = (long)now, Edges = { edge },
        };
        var answer = await IdentityClient.CallAsync(lab.Plain, GrpcTrailers.StreamEdges, report.ToByteArray());
        Assert.True(answer.Status == GrpcStatusCode.Ok, $"{answer}");
    }
}
