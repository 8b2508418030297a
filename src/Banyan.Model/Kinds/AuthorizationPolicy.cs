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

    /// <summary>Whose tokens count in the rules below; what they say is asked for by
    /// <see cref="PolicySource.JwtClaims"/>.</summary>
    public EquatableList<PolicyToken> Jwt { get; init; } = [];

    /// <summary>Any of them has to match; none and <see cref="PolicyAction.Allow"/>: everything is denied.</summary>
    public EquatableList<PolicyRule> Rules { get; init; } = [];
}

/// <summary>An issuer of tokens (JWT, RFC 7519), whom they are for, and where they stand.</summary>
public sealed record PolicyToken
{
    /// <summary>The claim <c>iss</c>, exactly.</summary>
    public string Issuer { get; init; } = "";

    /// <summary>One of them has to be in the claim <c>aud</c>; empty = whoever it is meant for.</summary>
    public EquatableList<string> Audiences { get; init; } = [];

    public PolicyTokenKeys Jwks { get; init; } = new();

    /// <summary>Name of the header field; in <c>authorization</c> the token stands behind <c>Bearer</c>.</summary>
    public string Header { get; init; } = "authorization";
}

/// <summary>Where an issuer's public keys (JWK Set, RFC 7517) come from: one of both.</summary>
public sealed record PolicyTokenKeys
{
    /// <summary>Beside the file of the policy.</summary>
    public string File { get; init; } = "";

    /// <summary>By http or https, fetched by the control plane.</summary>
    public string Url { get; init; } = "";
}

/// <summary>A claim that a token must have.</summary>
/// <param name="Name">Its name; with dots, and without a slash, the way to it through objects.</param>
/// <param name="Values">Any of them; a <c>*</c> at the end stands for any rest, alone for any value.</param>
public sealed record PolicyClaim(string Name, EquatableList<string> Values)
{
    /// <summary>The names on the way to it.</summary>
    public IReadOnlyList<string> Path => Name.Contains('/', StringComparison.Ordinal) ? [Name] : Name.Split('.');
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

    /// <summary>Some of its entries ask for what only a request has.</summary>
    public bool AsksRequest => From.Any(static each => each.AsksRequest) || To.Any(static each => each.AsksRequest);
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

    /// <summary>What a verified token says: all of these.</summary>
    public EquatableList<PolicyClaim> JwtClaims { get; init; } = [];

    public bool IsEmpty => Principals.Count == 0 && ServiceAccounts.Count == 0 && Namespaces.Count == 0
        && Networks.Count == 0 && JwtClaims.Count == 0;

    /// <summary>Only a request has what it asks for.</summary>
    public bool AsksRequest => JwtClaims.Count > 0;
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
