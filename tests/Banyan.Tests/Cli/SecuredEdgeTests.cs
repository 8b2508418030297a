using Banyan.Cli.Traffic;
using Banyan.Control.Api;
using Xunit;

namespace Banyan.Tests.Cli;

/// <summary>Who calls whom, secured by what.</summary>
public sealed class SecuredEdgeTests
{
    private const string Web = "spiffe://banyan.local/ns/default/sa/web";
    private const string Pay = "spiffe://banyan.local/ns/default/sa/pay";

    [Fact]
    public void TheShareIsThatOfWhatSomebodyAnswered()
    {
        var row = Assert.Single(SecuredEdge.Of(Document(
            Edge(30, mtls: true), Edge(10, mtls: false), Edge(5, mtls: false) with { Workload = "" }, Edge(7, mtls: false) with { Service = "" },
            Edge(9, mtls: true) with { Direction = "server" })));
        Assert.Equal(("default/web-v1", "pay.default:80", 40L, 0.75), (row.Source, row.Destination, row.Requests, row.Mtls));
        Assert.Equal(Web, row.SourceIdentity);
        Assert.Equal([Pay], row.DestinationIdentities);
    }

    [Fact]
    public void WhatWasThereBeforeDoesNotCount()
    {
        var view = new TrafficView(Traffic(Counted(10, mtls: false), Counted(4, mtls: true), Counted(3, mtls: true) with { Service = "old" }));
        Assert.Empty(view.Edges());
        view.Add(Traffic(
            Counted(10, mtls: false),
            Counted(24, mtls: true),
            Counted(3, mtls: true) with { Service = "old" },
            Counted(9, mtls: false) with { Direction = "server" }));
        var row = Assert.Single(view.Edges());
        Assert.Equal(("default/web-v1", "pay.default:80", 20L, 1.0), (row.Source, row.Destination, row.Requests, row.Mtls));
        Assert.Equal(Web, row.SourceIdentity);
        Assert.Equal([Pay], row.DestinationIdentities);
    }

    [Fact]
    public void APairThatIsNotSecuredHasNoIdentities()
    {
        var row = Assert.Single(SecuredEdge.Of(Document(Edge(3, mtls: false) with { SourceIdentity = "", DestinationIdentity = "" })));
        Assert.Equal((0.0, ""), (row.Mtls, row.SourceIdentity));
        Assert.Empty(row.DestinationIdentities);
    }

    private static ReportedEdge[] Document(params ReportedEdge[] edges) => edges;

    [Fact]
    public void AlmostAllIsNotAll() =>
        Assert.Equal(0.9999, Assert.Single(SecuredEdge.Of(Document(Edge(1_000_000, mtls: true), Edge(1, mtls: false)))).Mtls);

    private static TrafficDocument Traffic(params TrafficEdge[] edges) => new(default, edges, []);

    private static TrafficEdge Counted(long count, bool mtls) => new()
    {
        Source = "default/web-v1",
        Direction = "client",
        Service = "pay",
        Namespace = "default",
        Port = 80,
        Workload = "pay-v1",
        Status = 200,
        Count = count,
        Mtls = mtls,
        SourceIdentity = mtls ? Web : "",
        DestinationIdentity = mtls ? Pay : "",
    };

    private static ReportedEdge Edge(long count, bool mtls) => new()
    {
        Reporter = "default/web-v1",
        Direction = "client",
        Protocol = "http",
        Service = "pay",
        Namespace = "default",
        Port = 80,
        Workload = "pay-v1",
        Count = count,
        Mtls = mtls,
        SourceIdentity = mtls ? Web : "",
        DestinationIdentity = mtls ? Pay : "",
    };
}
