namespace Banyan.Model;

/// <summary>A Gateway API GRPCRoute.</summary>
public sealed record GrpcRoute : MeshObject
{
    public override string ApiVersion => "gateway.networking.k8s.io/v1";

    public override string Kind => "GRPCRoute";

    public GrpcRouteSpec Spec { get; init; } = new();
}

public sealed record GrpcRouteSpec
{
    public EquatableList<ParentReference> ParentRefs { get; init; } = [];

    public EquatableList<string> Hostnames { get; init; } = [];

    public EquatableList<GrpcRouteRule> Rules { get; init; } = [];
}

public sealed record GrpcRouteRule
{
    public string Name { get; init; } = "";

    /// <summary>Any of these; empty = every call.</summary>
    public EquatableList<GrpcRouteMatch> Matches { get; init; } = [];

    public EquatableList<HttpRouteFilter> Filters { get; init; } = [];

    public EquatableList<HttpBackendReference> BackendRefs { get; init; } = [];

    public RawValue? SessionPersistence { get; init; }
}

/// <summary>All parts of one match must hold.</summary>
public sealed record GrpcRouteMatch
{
    /// <summary>Null = every method of every service.</summary>
    public GrpcMethodMatch? Method { get; init; }

    public EquatableList<HttpValueMatch> Headers { get; init; } = [];
}

/// <summary>A match on service and method; at least one of them is given.</summary>
public sealed record GrpcMethodMatch
{
    public ValueMatchType Type { get; init; } = ValueMatchType.Exact;

    /// <summary>With its package, for example <c>shop.v1.Payments</c>; empty = any.</summary>
    public string Service { get; init; } = "";

    /// <summary>Empty = any.</summary>
    public string Method { get; init; } = "";
}
