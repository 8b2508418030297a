using System.Net;
using System.Net.Http.Json;
using Banyan.Control.Api;
using Banyan.Control.Reports;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Google.Protobuf;
using Xunit;
using static Banyan.Tests.Control.Reports.SomeReports;

namespace Banyan.Tests.Control;

/// <summary>Reports are checked before they are believed, and what they say is served.</summary>
public sealed class ReportTests
{
    public static TheoryData<string> Wrong() =>
    [
        "no node", "half a node", "sequence 0", "backwards", "no direction", "no protocol", "unknown protocol", "long text", "zero", "long texts",
        "lengths", "bucket", "bucket count", "count", "edges", "port",
    ];

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task WhatIsWrongIsRefusedAndNotCounted(string what)
    {
        await using var control = await TestControl.StartAsync();
        await using (var good = await ConnectAsync(control))
        {
            Send(good, Report(1, 5));
            Assert.Equal(1UL, (await AckAsync(good)).Sequence);
        }

        var report = Report(2, 5);
        var edge = report.Edges[0];
        switch (what)
        {
            case "no node": report.Node = ""; break;
            case "half a node": report.Node = "default/web"; break;
            case "sequence 0": report.Sequence = 0; break;
            case "backwards": report.ToUnixMs = report.FromUnixMs - 1; break;
            case "no direction": edge.Direction = 0; break;
            case "no protocol": edge.Protocol = 0; break;
            case "unknown protocol": edge.Protocol = (EdgeRecord.Types.Protocol)9; break;
            case "long text": edge.Route = new string('r', ReportCheck.LongestText + 1); break;
            case "zero": edge.Method = "GE\0T"; break;
            case "long texts":
                edge.Route = edge.Service = edge.Workload = edge.Version = new string('r', ReportCheck.LongestText);
                break;
            case "lengths": edge.BucketCounts.Add(1); break;
            case "bucket": edge.BucketIndices[0] = 64 * 27; break;
            case "bucket count": edge.BucketCounts[0] = ulong.MaxValue; break;
            case "count": edge.Count = ulong.MaxValue; break;
            case "port": edge.Port = 65_536; break;
            default: report.Edges.Add(Enumerable.Repeat(edge, ReportCheck.MostEdges)); break;
        }

        await using var bad = await ConnectAsync(control);
        Send(bad, report);
        Assert.Equal(GrpcStatusCode.InvalidArgument, await bad.EndAsync());
        Assert.NotEmpty(bad.StatusMessage);
        Assert.Equal(5, Assert.Single((await EdgesAsync(control)).Edges).Count);
    }

    [Fact]
    public async Task TheMatrixIsServed()
    {
        await using var control = await TestControl.StartAsync((
            "web.yaml",
            "{apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: web}, spec: {service: shop, ports: [{port: 80}]}}"));
        await using var stream = await ConnectAsync(control);
        Send(stream, Report(1, 5));
        Assert.Equal((7UL, 1UL), await AckAsync(stream) is var ack ? (ack.Epoch, ack.Sequence) : default);
        var edge = Assert.Single((await EdgesAsync(control)).Edges);
        Assert.Equal(
            ("default/web", "shop.default", "client", "http", "payments", "default", 80, "v1", "GET", 200, 5L),
            (edge.Reporter, edge.ReporterService, edge.Direction, edge.Protocol, edge.Service, edge.Namespace, edge.Port, edge.Version, edge.Method, edge.Status, edge.Count));
        foreach (var text in new[] { "x", "0s", "-1h", "721h" })
        {
            using var response = await control.Api.GetAsync($"/api/v1/edges?since={text}");
            Assert.Contains(text, (await TestControl.ProblemAsync(response, HttpStatusCode.BadRequest)).Detail, StringComparison.Ordinal);
        }
    }

    private static Task<XdsClient> ConnectAsync(TestControl control) =>
        XdsClient.ConnectAsync(control.Plane.XdsEndPoint, path: GrpcTrailers.StreamEdges);

    private static async Task<EdgesDocument> EdgesAsync(TestControl control) =>
        (await control.Api.GetFromJsonAsync("/api/v1/edges", ApiJson.Default.EdgesDocument))!;

    private static void Send(XdsClient client, EdgeReport report)
    {
        var frame = new byte[GrpcFrame.PrefixLength + report.CalculateSize()];
        GrpcFrame.WritePrefix(frame, frame.Length - GrpcFrame.PrefixLength);
        report.WriteTo(frame.AsSpan(GrpcFrame.PrefixLength));
        client.SendBytes(frame);
    }

    private static async Task<EdgeReportAck> AckAsync(XdsClient client) => EdgeReportAck.Parser.ParseFrom(await client.ReceiveBytesAsync());
}
