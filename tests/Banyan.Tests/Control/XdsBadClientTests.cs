using System.Net;
using Banyan.Testing;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Banyan.Tests.Control;

public sealed class XdsBadClientTests
{
    [Fact]
    public async Task AFirstRequestWithoutNodeIsRefused()
    {
        await using var control = await TestControl.StartAsync();
        await using var client = await control.XdsAsync(node: "");
        client.Subscribe(Texts.Cluster, "one.default:80");
        Assert.Equal(GrpcStatusCode.InvalidArgument, await client.EndAsync());
        Assert.Contains("node", client.StatusMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnUnknownFlavourIsRefusedWithThoseThatAreKnown()
    {
        await using var control = await TestControl.StartAsync();
        var node = new Node { Id = "default/x/0", Metadata = new() { Fields = { ["FLAVOUR"] = Value.ForString("vanilla") } } };
        await using var client = await XdsClient.ConnectAsync(control.Plane.XdsEndPoint, node);
        client.Subscribe(Texts.Cluster, "one.default:80");
        Assert.Equal(GrpcStatusCode.InvalidArgument, await client.EndAsync());
        Assert.Equal("node.metadata FLAVOUR is \"vanilla\"; known are banyan, grpc, envoy", client.StatusMessage);
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 0, 2, 0xff, 0xff }, GrpcStatusCode.InvalidArgument)]
    [InlineData(new byte[] { 0, 0xff, 0, 0, 0 }, GrpcStatusCode.ResourceExhausted)]
    [InlineData(new byte[] { 1, 0, 0, 0, 0 }, GrpcStatusCode.Unimplemented)]
    [InlineData(new byte[] { 7 }, GrpcStatusCode.Internal)]
    public async Task BytesThatAreNoMessageEndTheStream(byte[] bytes, GrpcStatusCode expected)
    {
        await using var control = await TestControl.StartAsync();
        await using var client = await control.XdsAsync();
        client.SendBytes(bytes);
        Assert.Equal(expected, await client.EndAsync());
    }

    [Fact]
    public async Task AMessageMayComeByteByByte()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one")));
        await using var client = await control.XdsAsync();
        var request = new DeltaDiscoveryRequest
        {
            Node = new Node { Id = "default/x/0" }, TypeUrl = Texts.Cluster, ResourceNamesSubscribe = { "one.default:80" },
        };
        var message = Google.Protobuf.MessageExtensions.ToByteArray(request);
        var frame = new byte[GrpcFrame.PrefixLength + message.Length];
        GrpcFrame.WritePrefix(frame, message.Length);
        message.CopyTo(frame, GrpcFrame.PrefixLength);
        foreach (var each in frame)
        {
            client.SendBytes([each]);
        }

        Assert.Single((await client.ReceiveAsync()).Resources);
    }

    [Fact]
    public async Task OtherMethodsAreUnimplemented()
    {
        await using var control = await TestControl.StartAsync();
        await using var client = await XdsClient.ConnectAsync(
            control.Plane.XdsEndPoint, path: "/envoy.service.discovery.v3.AggregatedDiscoveryService/Other");
        Assert.Equal(GrpcStatusCode.Unimplemented, await client.EndAsync());
    }

    [Fact]
    public async Task WhatIsNotGrpcIsRefused()
    {
        await using var control = await TestControl.StartAsync();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{control.Plane.XdsEndPoint}/api/v1/status")
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Fact]
    public async Task TooManyNamesEndTheStream()
    {
        await using var control = await TestControl.StartAsync();
        await using var client = await control.XdsAsync();
        client.Subscribe(Texts.Cluster, [.. Enumerable.Range(0, 70_000).Select(i => $"s{i}.default:80")]);
        Assert.Equal(GrpcStatusCode.ResourceExhausted, await client.EndAsync());
        await Eventually.TrueAsync(
            () => control.Plane.Hub.SubscribersOf(Banyan.Control.Xds.XdsType.Cluster, "s1.default:80") == 0, "nothing stays");
    }

    [Fact]
    public async Task StaleAndForeignNoncesAreIgnored()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one")));
        await using var client = await control.XdsAsync();
        client.Send(new DeltaDiscoveryRequest { TypeUrl = Texts.Cluster, ResponseNonce = "77", ErrorDetail = new Banyan.Xds.Status { Message = "x" } });
        client.Subscribe(Texts.Cluster, "one.default:80");
        var response = await client.ReceiveAndAckAsync();
        client.Ack(response);
        client.Ack(response);
        await client.NothingElseAsync();
        Assert.Null((await control.StatusAsync()).Proxies[0].LastNack);
    }
}
