using Banyan.Proxy.Snapshot;
using Banyan.Proxy.Xds;
using Banyan.Xds;
using Google.Protobuf;

namespace Banyan.Tests.Proxy.Xds;

/// <summary>Plays the control plane against the client's state machine and builds the snapshots, without I/O.</summary>
internal sealed class DiscoveryDriver
{
    private readonly SnapshotBuilder _builder;
    private int _nonce;

    public DiscoveryDriver()
    {
        Discovery = new Discovery(new Node { Id = "default/web/0" }, Time);
        _builder = new SnapshotBuilder(Time);
    }

    public ManualTime Time { get; } = new();

    public Discovery Discovery { get; }

    public MeshSnapshot Snapshot => _builder.Build(Discovery.Tables, Discovery.Wants.Missing, Discovery.Connected);

    /// <summary>Requests since the last look.</summary>
    public List<DeltaDiscoveryRequest> Requests() => Discovery.TakeRequests();

    /// <summary>Names newly subscribed since the last look, without acknowledgements.</summary>
    public string[] Subscribed(string typeUrl) =>
        [.. Requests().Where(r => r.TypeUrl == typeUrl).SelectMany(r => r.ResourceNamesSubscribe)];

    public DeltaDiscoveryRequest Send(params IMessage[] messages) =>
        Send(new DeltaDiscoveryResponse { Resources = { messages.Select(m => Resources.Wrap(m)) } });

    public DeltaDiscoveryRequest Remove(string typeUrl, params string[] names) =>
        Send(new DeltaDiscoveryResponse { TypeUrl = typeUrl, RemovedResources = { names } });

    /// <summary>Gives a response to the client and returns its acknowledgement; further requests stay for the next look.</summary>
    public DeltaDiscoveryRequest Send(DeltaDiscoveryResponse response)
    {
        if (response.TypeUrl.Length == 0)
        {
            response.TypeUrl = response.Resources[0].Resource_.TypeUrl;
        }

        response.Nonce = $"{++_nonce}";
        Discovery.Receive(response);
        var requests = Discovery.TakeRequests();
        LastRequests = requests;
        return requests.Single(r => r.ResponseNonce == response.Nonce);
    }

    /// <summary>All requests that followed the last response.</summary>
    public List<DeltaDiscoveryRequest> LastRequests { get; private set; } = [];

    public string[] LastSubscribed => [.. LastRequests.SelectMany(r => r.ResourceNamesSubscribe)];

    public string[] LastUnsubscribed => [.. LastRequests.SelectMany(r => r.ResourceNamesUnsubscribe)];

    /// <summary>A destination with one cluster, from the listener to its endpoints.</summary>
    public void Serve(string name, params string[] addresses)
    {
        Discovery.Want(name);
        Send(Resources.Api(name));
        Send(Resources.Routes(name, Resources.Forward("default", name)));
        Send(Resources.Eds(name));
        Send(Resources.Endpoints(name, addresses));
    }
}
