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
        var before = Document(Edge(10, mtls: false), Edge(4, mtls: true), Edge(3, mtls: true) with { Service = "old" });
        var now = Document(Edge(10, mtls: false), Edge(24, mtls: true), Edge(3, mtls: true) with { Service = "old" });
        var row = Assert.Single(SecuredEdge.Of(now, before));
        Assert.Equal((20L, 1.0), (row.Requests, row.Mtls));
    }

    [Fact]
    public void APairThatIsNotSecuredHasNoIdentities()
    {
        var row = Assert.Single(SecuredEdge.Of(Document(Edge(3, mtls: false) with { SourceIdentity = "", DestinationIdentity = "" })));
        Assert.Equal((0.0, ""), (row.Mtls, row.SourceIdentity));
        Assert.Empty(row.DestinationIdentities);
    }

    private static EdgesDocument Document(params ReportedEdge[] edges) => new(default, default, edges);

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
