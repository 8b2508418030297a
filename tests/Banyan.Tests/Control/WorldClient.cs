using System.Net;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Banyan.Tests.Control;

/// <summary>A state-of-the-world xDS client.</summary>
internal sealed class WorldClient : XdsPeer
{
    private WorldClient(Node node)
        : base(node)
    {
    }

    public static async Task<WorldClient> ConnectAsync(
        IPEndPoint server, string node = "default/client/0", string? flavour = null)
    {
        var named = new Node { Id = node };
        if (flavour is not null)
        {
            named.Metadata = new Struct { Fields = { ["FLAVOUR"] = Value.ForString(flavour) } };
        }

        var client = new WorldClient(named);
        await client.OpenAsync(server, GrpcTrailers.StreamAggregatedResources);
        return client;
    }

    /// <summary>The first request of a type.</summary>
    public void Ask(string type, params string[] names) => Send(new DiscoveryRequest { TypeUrl = type, ResourceNames = { names } });

    /// <summary>Acknowledges, with the names that are wanted from now on.</summary>
    public void Ack(DiscoveryResponse response, params string[] names) => Send(new DiscoveryRequest
    {
        TypeUrl = response.TypeUrl,
        ResponseNonce = response.Nonce,
        VersionInfo = response.VersionInfo,
        ResourceNames = { names },
    });

    public void Nack(DiscoveryResponse response, string message, params string[] names) => Send(new DiscoveryRequest
    {
        TypeUrl = response.TypeUrl, ResponseNonce = response.Nonce, ErrorDetail = Error(message), ResourceNames = { names },
    });

    /// <summary>The next answer, of whatever type.</summary>
    public async Task<DiscoveryResponse> ReceiveAsync() =>
        DiscoveryResponse.Parser.ParseFrom(await TryReceiveBytesAsync()
            ?? throw new EndOfStreamException($"the stream ended: {Status} {StatusMessage}"));

    /// <summary>Asks for a type, and acknowledges the answer.</summary>
    public async Task<DiscoveryResponse> GetAsync(string type, params string[] names)
    {
        Ask(type, names);
        var response = await ReceiveAsync();
        Assert.Equal(type, response.TypeUrl);
        Ack(response, names);
        return response;
    }

    /// <summary>Proves that nothing else was sent until now: asks for the first time for clusters, and expects them next.</summary>
    public async Task NothingElseAsync()
    {
        Ask(Texts.Cluster, "nobody.default:1");
        var response = await ReceiveAsync();
        Assert.Equal(Texts.Cluster, response.TypeUrl);
        Assert.Empty(response.Resources);
    }

    /// <summary>Names of the resources of an answer, in order.</summary>
    public static IEnumerable<string> Names(DiscoveryResponse response) => response.Resources
        .Select(resource => response.TypeUrl switch
        {
            Texts.Cluster => resource.Unpack<Cluster>().Name,
            Texts.Endpoint => resource.Unpack<ClusterLoadAssignment>().ClusterName,
            Texts.Listener => resource.Unpack<Banyan.Xds.Listener>().Name,
            _ => resource.Unpack<RouteConfiguration>().Name,
        })
        .Order(StringComparer.Ordinal);

    private void Send(DiscoveryRequest request)
    {
        request.Node = Introduce();
        SendMessage(request);
    }
}
