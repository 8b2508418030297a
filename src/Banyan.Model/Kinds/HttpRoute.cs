namespace Banyan.Model;

/// <summary>A Gateway API HTTPRoute.</summary>
public sealed record HttpRoute : MeshObject
{
    public override string ApiVersion => "gateway.networking.k8s.io/v1";

    public override string Kind => "HTTPRoute";

    public HttpRouteSpec Spec { get; init; } = new();
}

public sealed record HttpRouteSpec
{
    public EquatableList<ParentReference> ParentRefs { get; init; } = [];

    public EquatableList<string> Hostnames { get; init; } = [];

    public EquatableList<HttpRouteRule> Rules { get; init; } = [];
}

/// <summary>What a route is attached to.</summary>
public sealed record ParentReference
{
    public string Group { get; init; } = "gateway.networking.k8s.io";

    public string Kind { get; init; } = "Gateway";

    /// <summary>Empty = the route's.</summary>
    public string Namespace { get; init; } = "";

    public string Name { get; init; } = "";

    /// <summary>Of a Service: the name of a port.</summary>
    public string SectionName { get; init; } = "";

    /// <summary>0 = every port.</summary>
    public int Port { get; init; }

    public bool IsService => Group.Length == 0 && Kind == nameof(Service);
}

public sealed record HttpRouteRule
{
    public string Name { get; init; } = "";

    /// <summary>Any of these; empty = every request.</summary>
    public EquatableList<HttpRouteMatch> Matches { get; init; } = [];

    public EquatableList<HttpRouteFilter> Filters { get; init; } = [];

    public EquatableList<HttpBackendReference> BackendRefs { get; init; } = [];

    public HttpRouteTimeouts? Timeouts { get; init; }

    public HttpRouteRetry? Retry { get; init; }

    public RawValue? SessionPersistence { get; init; }
}

/// <summary>All parts of one match must hold.</summary>
public sealed record HttpRouteMatch
{
    public HttpPathMatch Path { get; init; } = new();

    public EquatableList<HttpValueMatch> Headers { get; init; } = [];

    public EquatableList<HttpValueMatch> QueryParams { get; init; } = [];

    /// <summary>Empty = any.</summary>
    public string Method { get; init; } = "";
}

public enum PathMatchType
{
    Exact,
    PathPrefix,
    RegularExpression,
}

public sealed record HttpPathMatch
{
    public PathMatchType Type { get; init; } = PathMatchType.PathPrefix;

    public string Value { get; init; } = "/";
}

public enum ValueMatchType
{
    Exact,
    RegularExpression,
}

/// <summary>A match on a header field or query parameter.</summary>
public sealed record HttpValueMatch
{
    public ValueMatchType Type { get; init; } = ValueMatchType.Exact;

    public string Name { get; init; } = "";

    public string Value { get; init; } = "";
}

public enum HttpFilterType
{
    RequestHeaderModifier,
    ResponseHeaderModifier,
    RequestMirror,
    RequestRedirect,
    UrlRewrite,
    Cors,
    ExternalAuth,
    ExtensionRef,
}

public sealed record HttpRouteFilter
{
    public HttpFilterType Type { get; init; }

    public HttpHeaderModifier? RequestHeaderModifier { get; init; }

    public HttpHeaderModifier? ResponseHeaderModifier { get; init; }

    /// <summary>What a filter of another type says, not interpreted by this version.</summary>
    public RawValue? Other { get; init; }
}

public sealed record HttpHeaderModifier
{
    public EquatableList<HttpHeader> Set { get; init; } = [];

    public EquatableList<HttpHeader> Add { get; init; } = [];

    public EquatableList<string> Remove { get; init; } = [];
}

public sealed record HttpHeader
{
    public string Name { get; init; } = "";

    public string Value { get; init; } = "";
}

/// <summary>Where a rule sends its share of requests.</summary>
public sealed record HttpBackendReference
{
    public string Group { get; init; } = "";

    public string Kind { get; init; } = nameof(Service);

    /// <summary>Empty = the route's.</summary>
    public string Namespace { get; init; } = "";

    public string Name { get; init; } = "";

    /// <summary>0 = not given.</summary>
    public int Port { get; init; }

    public int Weight { get; init; } = 1;

    public EquatableList<HttpRouteFilter> Filters { get; init; } = [];

    public bool IsService => Group.Length == 0 && Kind == nameof(Service);
}

public sealed record HttpRouteTimeouts
{
    /// <summary>Null = not given; zero = none.</summary>
    public TimeSpan? Request { get; init; }

    public TimeSpan? BackendRequest { get; init; }
}
