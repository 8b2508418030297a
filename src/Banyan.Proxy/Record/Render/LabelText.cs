using System.Globalization;
using System.Text;
using Banyan.Proxy.Options;

namespace Banyan.Proxy.Record.Render;

/// <summary>Builds the labels of one sample, in the order they are added, without braces.</summary>
internal sealed class LabelText
{
    /// <summary>Value of every label of the series that holds what is beyond the limit of label sets.</summary>
    public const string Other = "other";

    private readonly StringBuilder _text = new();

    /// <summary>Adds a label; an empty value is the same as no label.</summary>
    public LabelText Add(string name, string value)
    {
        if (value.Length > 0)
        {
            _text.Append(_text.Length > 0 ? "," : "").Append(name).Append("=\"").Append(ExpositionWriter.Escape(value)).Append('"');
        }

        return this;
    }

    /// <summary>Adds the address that was called.</summary>
    public LabelText AddServer(int destination, bool isOther)
    {
        var (service, space, port) = EdgeLabels.DestinationOf(destination);
        Add("server_address", isOther ? Other : space.Length == 0 ? service : $"{service}.{space}");
        return Add("server_port", isOther ? Other : port == 0 ? "" : port.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Adds both ends of a hop.</summary>
    public LabelText AddPeers(
        EdgeDirection direction, NodeName? node, string identity, int destination, int workload, HopPeer hop, bool isOther)
    {
        // The callee learns who calls from the caller's certificate, which names no workload.
        var source = direction == EdgeDirection.Client ? node : null;
        var (caller, callee) = Identities(direction, identity, hop);
        var (service, space, _) = EdgeLabels.DestinationOf(destination);
        var (name, version) = EdgeLabels.WorkloadOf(workload);
        return Add("source_workload", isOther ? Other : source?.Workload ?? "unknown")
            .Add("source_namespace", isOther ? Other : source?.Namespace ?? NamespaceOf(caller))
            .Add("destination_service", service)
            .Add("destination_namespace", space)
            .Add("destination_workload", name)
            .Add("destination_version", version)
            .Add("mtls", hop.IsSecured ? "true" : "false")
            .Add("source_identity", caller)
            .Add("destination_identity", callee);
    }

    /// <summary>SPIFFE IDs of the caller and of whom it called; empty where the hop proved none.</summary>
    internal static (string Source, string Destination) Identities(EdgeDirection direction, string own, HopPeer hop)
    {
        var peer = hop.Identity;
        own = peer.Length > 0 ? own : "";
        return direction == EdgeDirection.Client ? (own, peer) : (peer, own);
    }

    /// <summary>NAMESPACE of <c>spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/NAME</c>.</summary>
    private static string NamespaceOf(string identity) =>
        identity.Split('/') is [_, _, _, "ns", var name, "sa", _] ? name : "unknown";

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();
}
