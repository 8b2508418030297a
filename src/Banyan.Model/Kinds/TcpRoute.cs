namespace Banyan.Model;

/// <summary>A Gateway API TCPRoute.</summary>
public sealed record TcpRoute : MeshObject
{
    // The version that every cluster with the kind serves.
    public override string ApiVersion => "gateway.networking.k8s.io/v1alpha2";

    public override string Kind => "TCPRoute";

    public TcpRouteSpec Spec { get; init; } = new();
}

public sealed record TcpRouteSpec
{
    public EquatableList<ParentReference> ParentRefs { get; init; } = [];

    /// <summary>The first takes every connection.</summary>
    public EquatableList<TcpRouteRule> Rules { get; init; } = [];
}

public sealed record TcpRouteRule
{
    public string Name { get; init; } = "";

    public EquatableList<HttpBackendReference> BackendRefs { get; init; } = [];
}
