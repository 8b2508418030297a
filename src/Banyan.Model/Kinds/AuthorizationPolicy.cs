namespace Banyan.Model;

/// <summary>Who may call what: decided by the sidecars of the workloads that are called.</summary>
public sealed record AuthorizationPolicy : MeshObject
{
    public override string ApiVersion => "banyan.dev/v1alpha1";

    public override string Kind => nameof(AuthorizationPolicy);

    public AuthorizationPolicySpec Spec { get; init; } = new();

    /// <summary>Its name in logs, headers and metrics: <c>NAMESPACE/NAME</c>.</summary>
    public string FullName => $"{Metadata.Namespace}/{Metadata.Name}";
}

/// <summary>What an AuthorizationPolicy says.</summary>
public sealed record AuthorizationPolicySpec
{
    public PolicySelector Selector { get; init; } = new();

    public PolicyAction Action { get; init; } = PolicyAction.Allow;

    public PolicyMode Mode { get; init; } = PolicyMode.Enforce;

    /// <summary>Any of them has to match; none and <see cref="PolicyAction.Allow"/>: everything is denied.</summary>
    public EquatableList<PolicyRule> Rules { get; init; } = [];
}

/// <summary>Which workloads of the policy's namespace it is for; all fields must match, empty ones do.</summary>
public sealed record PolicySelector
{
    public string Service { get; init; } = "";

    public string Version { get; init; } = "";

    public EquatableMap Labels { get; init; } = EquatableMap.Empty;
}

public enum PolicyAction
{
    Allow,
    Deny,
}

public enum PolicyMode
{
    Enforce,

    /// <summary>Decides, logs and counts, and changes nothing.</summary>
    Audit,
}

/// <summary>Callers and what they call.</summary>
public sealed record PolicyRule
{
    /// <summary>Any of them; empty = any caller, one in plaintext too.</summary>
    public EquatableList<PolicySource> From { get; init; } = [];

    /// <summary>Any of them; empty = anything.</summary>
    public EquatableList<PolicyOperation> To { get; init; } = [];
}

/// <summary>A caller: each field that is set has to match, by any of its values.</summary>
public sealed record PolicySource
{
    /// <summary>SPIFFE IDs, or their beginning before a <c>*</c>; <c>*</c> alone = any verified caller.</summary>
    public EquatableList<string> Principals { get; init; } = [];

    /// <summary><c>NAME</c> in the policy's namespace, or <c>NAMESPACE/NAME</c>.</summary>
    public EquatableList<string> ServiceAccounts { get; init; } = [];

    public EquatableList<string> Namespaces { get; init; } = [];

    /// <summary>Addresses of the connection's peer, as <c>IP</c> or <c>IP/BITS</c>.</summary>
    public EquatableList<string> Networks { get; init; } = [];

    public bool IsEmpty =>
        Principals.Count == 0 && ServiceAccounts.Count == 0 && Namespaces.Count == 0 && Networks.Count == 0;
}

/// <summary>What is called: each field that is set has to match, by any of its values; of headers, all.</summary>
public sealed record PolicyOperation
{
    public EquatableList<int> Ports { get; init; } = [];

    /// <summary>Host names, or <c>*.</c> and one; whatever port stands behind.</summary>
    public EquatableList<string> Hosts { get; init; } = [];

    public EquatableList<string> Methods { get; init; } = [];

    /// <summary>Canonical paths, or their beginning before a <c>*</c>.</summary>
    public EquatableList<string> Paths { get; init; } = [];

    /// <summary><c>package.Service/Method</c> or <c>package.Service/*</c>.</summary>
    public EquatableList<string> GrpcMethods { get; init; } = [];

    public EquatableList<HttpValueMatch> Headers { get; init; } = [];

    /// <summary>Only a request has what it asks for.</summary>
    public bool AsksRequest => AsksPath || Hosts.Count > 0 || Methods.Count > 0 || Headers.Count > 0;

    public bool AsksPath => Paths.Count > 0 || GrpcMethods.Count > 0;
}
