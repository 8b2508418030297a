namespace Banyan.Model;

/// <summary>A Gateway API TLSRoute: TLS that is passed through unread, by the server that the client names.</summary>
public sealed record TlsRoute : MeshObject
{
    // What v1 has no words for (every name; several rules) is written in the version that has.
    public override string ApiVersion => Spec.Hostnames.Count == 0 || Spec.Rules.Count > 1
        ? "gateway.networking.k8s.io/v1alpha2"
        : "gateway.networking.k8s.io/v1";

    public override string Kind => "TLSRoute";

    public TlsRouteSpec Spec { get; init; } = new();
}

public sealed record TlsRouteSpec
{
    public EquatableList<ParentReference> ParentRefs { get; init; } = [];

    /// <summary>Names of servers, exact or <c>*.</c> and a name; empty = every connection, with a name or without.</summary>
    public EquatableList<string> Hostnames { get; init; } = [];

    /// <summary>The first takes every connection.</summary>
    public EquatableList<TlsRouteRule> Rules { get; init; } = [];
}

public sealed record TlsRouteRule
{
    public string Name { get; init; } = "";

    public EquatableList<HttpBackendReference> BackendRefs { get; init; } = [];
}
