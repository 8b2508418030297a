using System.Net;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Xunit;

namespace Banyan.Tests.Control;

/// <summary>A delta xDS client.</summary>
internal sealed class XdsClient : XdsPeer
{
    private XdsClient(Node node)
        : base(node)
    {
    }

    public static Task<XdsClient> ConnectAsync(
        IPEndPoint server, string node = "default/client/0", string path = GrpcTrailers.DeltaAggregatedResources) =>
        ConnectAsync(server, new Node { Id = node }, path);

    public static async Task<XdsClient> ConnectAsync(
        IPEndPoint server, Node node, string path = GrpcTrailers.DeltaAggregatedResources)
    {
        var client = new XdsClient(node);
        await client.OpenAsync(server, path);
        return client;
    }

    /// <summary>Over TLS, with a client that shows a certificate.</summary>
    public static async Task<XdsClient> ConnectAsync(Uri server, string node, HttpClient client)
    {
        var stream = new XdsClient(new Node { Id = node });
        await stream.OpenAsync(server, GrpcTrailers.DeltaAggregatedResources, client);
        return stream;
    }

    public void Send(DeltaDiscoveryRequest request)
    {
        request.Node = Introduce();
        SendMessage(request);
    }

    public void Subscribe(string type, params string[] names) =>
        Send(new DeltaDiscoveryRequest { TypeUrl = type, ResourceNamesSubscribe = { names } });

    public void Unsubscribe(string type, params string[] names) =>
        Send(new DeltaDiscoveryRequest { TypeUrl = type, ResourceNamesUnsubscribe = { names } });

    public void Ack(DeltaDiscoveryResponse response) =>
        Send(new DeltaDiscoveryRequest { TypeUrl = response.TypeUrl, ResponseNonce = response.Nonce });

    public void Nack(DeltaDiscoveryResponse response, string message) => Send(new DeltaDiscoveryRequest
    {
        TypeUrl = response.TypeUrl,
        ResponseNonce = response.Nonce,
        ErrorDetail = Error(message),
    });

    /// <summary>The next answer, of whatever type.</summary>
    public async Task<DeltaDiscoveryResponse> ReceiveAsync() =>
        DeltaDiscoveryResponse.Parser.ParseFrom(await TryReceiveBytesAsync()
            ?? throw new EndOfStreamException($"the stream ended: {Status} {StatusMessage}"));

    /// <summary>The next answer, which is acknowledged at once.</summary>
    public async Task<DeltaDiscoveryResponse> ReceiveAndAckAsync()
    {
        var response = await ReceiveAsync();
        Ack(response);
        return response;
    }

    /// <summary>
    /// Proves that nothing else was sent until now: asks for a name that cannot exist, and expects that answer next.
    /// </summary>
    public async Task NothingElseAsync()
    {
        var name = $"nothing-{Guid.NewGuid():n}.else:1";
        Subscribe("type.googleapis.com/banyan.test.Nothing", name);
        var response = await ReceiveAsync();
        Assert.Equal([name], response.RemovedResources);
    }

    /// <summary>The bytes of the next message.</summary>
    public async Task<byte[]> ReceiveBytesAsync() =>
        await TryReceiveBytesAsync() ?? throw new EndOfStreamException($"the stream ended: {Status} {StatusMessage}");
}
