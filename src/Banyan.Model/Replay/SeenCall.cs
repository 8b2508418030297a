namespace Banyan.Model;

/// <summary>Calls that came to a workload, as its sidecar reported them: all that have everything but number and time in common.</summary>
public sealed record SeenCall
{
    /// <summary>SPIFFE ID that the caller proved; empty for callers in plaintext.</summary>
    public string Caller { get; init; } = "";

    /// <summary>Who that is, in words, where the identity does not say it; may be empty.</summary>
    public string CallerNames { get; init; } = "";

    /// <summary>Namespace of the workload that was called.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>The service that it stands behind.</summary>
    public string Service { get; init; } = "";

    /// <summary>The workload.</summary>
    public string Workload { get; init; } = "";

    /// <summary>Port of the service.</summary>
    public int Port { get; init; }

    /// <summary>What was spoken.</summary>
    public SeenProtocol Protocol { get; init; }

    /// <summary>Of the requests; empty for connections, and where reports do not say it.</summary>
    public string Method { get; init; } = "";

    /// <summary>All paths that may have been asked for; empty: nobody knows.</summary>
    public EquatableList<PathTemplate> Paths { get; init; } = [];

    /// <summary>Requests, or connections.</summary>
    public long Count { get; init; }

    /// <summary>When the first came, to the period of a report.</summary>
    public DateTimeOffset FirstSeen { get; init; }

    /// <summary>When the last came, to the period of a report.</summary>
    public DateTimeOffset LastSeen { get; init; }

    /// <summary>On how many days, in UTC.</summary>
    public int Days { get; init; } = 1;

    /// <summary>Every one was answered 401, 403, UNAUTHENTICATED or PERMISSION_DENIED: by a policy, or by the application.</summary>
    public bool OnlyRefused { get; init; }

    /// <summary>Requests rather than connections.</summary>
    public bool IsHttp => Protocol != SeenProtocol.Tcp;
}

/// <summary>What was spoken.</summary>
public enum SeenProtocol
{
    /// <summary>HTTP of any version.</summary>
    Http,

    /// <summary>gRPC.</summary>
    Grpc,

    /// <summary>Bytes that nobody read.</summary>
    Tcp,
}

/// <summary>Paths by what a route says of them.</summary>
/// <param name="Path">Canonical, without query.</param>
/// <param name="IsPrefix">This path and all below it; else this path alone.</param>
public sealed record PathTemplate(string Path, bool IsPrefix)
{
    /// <summary>As AuthorizationPolicies write it: a prefix takes two values, itself and what is below.</summary>
    public IEnumerable<string> Patterns => IsPrefix ? [Path, Below + "*"] : [Path];

    internal string Below => Path.EndsWith('/') ? Path : Path + "/";

    /// <inheritdoc/>
    public override string ToString() => IsPrefix ? Below + "*" : Path;
}
