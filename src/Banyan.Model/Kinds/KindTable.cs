using System.Text.Json.Nodes;
using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>A kind that can be read: where its fields are declared.</summary>
internal abstract class KindTable(string kind, params string[] apiVersions)
{
    public static readonly KindTable[] All =
    [
        new KindTable<Mesh>(MeshTable.Shape, "Mesh", "banyan.dev/v1alpha1"),
        new KindTable<Workload>(WorkloadTable.Shape, "Workload", "banyan.dev/v1alpha1"),
        new KindTable<Service>(ServiceTable.Shape, "Service", "v1"),
        new KindTable<HttpRoute>(
            HttpRouteTable.Shape, "HTTPRoute", "gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"),
        new KindTable<GrpcRoute>(
            GrpcRouteTable.Shape, "GRPCRoute", "gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1alpha2"),
        new KindTable<TlsRoute>(
            TlsRouteTable.Shape,
            "TLSRoute",
            "gateway.networking.k8s.io/v1",
            "gateway.networking.k8s.io/v1alpha3",
            "gateway.networking.k8s.io/v1alpha2"),
        new KindTable<TcpRoute>(
            TcpRouteTable.Shape, "TCPRoute", "gateway.networking.k8s.io/v1alpha2", "gateway.networking.k8s.io/v1"),
        new KindTable<MutualTls>(MutualTlsTable.Shape, "MutualTls", "banyan.dev/v1alpha1"),
        new KindTable<AuthorizationPolicy>(
            AuthorizationPolicyTable.Shape, "AuthorizationPolicy", "banyan.dev/v1alpha1"),
        new KindTable<Check>(CheckTable.Shape, "Check", "banyan.dev/v1alpha1"),
    ];

    public string Kind { get; } = kind;

    /// <summary>Versions that are read; the first is written.</summary>
    public string[] ApiVersions { get; } = apiVersions;

    public static KindTable Of(MeshObject item) => All.First(t => t.Kind == item.Kind);

    public abstract bool TryRead(MapNode node, Reading reading, out MeshObject item);

    public abstract MapNode Write(MeshObject item);

    public abstract JsonObject Schema();
}

/// <inheritdoc/>
internal sealed class KindTable<T>(ObjectShape<T> shape, string kind, params string[] apiVersions) : KindTable(
    kind, apiVersions)
    where T : MeshObject, new()
{
    public override bool TryRead(MapNode node, Reading reading, out MeshObject item)
    {
        var good = shape.TryRead(node, reading, out var read);
        item = read;
        return good;
    }

    public override MapNode Write(MeshObject item) => (MapNode)shape.Write((T)item);

    public override JsonObject Schema() => shape.Schema();
}
