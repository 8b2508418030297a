namespace Banyan.Model;

/// <summary>All that the filters of an inbound listener follow from. Equal plans make equal filters.</summary>
/// <param name="Policies">Those that select the listener, ordered by name.</param>
/// <param name="TrustDomain">That of the mesh.</param>
/// <param name="Port">The service's port.</param>
/// <param name="Protocol">What is spoken there.</param>
/// <param name="Keys">Of the issuers under <c>jwt</c> of all policies, in their order; null for one whose are not known.</param>
/// <param name="Probe">How the workload's health is asked for at this port; null where it is not.</param>
internal sealed record AuthorizationPlan(
    EquatableList<AuthorizationPolicy> Policies,
    string TrustDomain,
    int Port,
    PortProtocol Protocol,
    HealthPlan? Probe,
    EquatableList<string?> Keys)
{
    private static readonly AuthorizationPlan None = new([], "", 0, PortProtocol.Auto, null, []);

    /// <summary>Requests are read here, or may be.</summary>
    public bool IsHttp => Protocols.IsHttp(Protocol);

    /// <summary>Without policies nothing else matters.</summary>
    public static AuthorizationPlan Of(
        EquatableList<AuthorizationPolicy> policies,
        string trustDomain,
        int port,
        PortProtocol protocol,
        HealthPlan? probe,
        TokenKeys keys) => policies.Count == 0
            ? None
            : new AuthorizationPlan(
                policies,
                trustDomain,
                port,
                protocol,
                probe,
                policies.SelectMany(policy => KeysOf(policy, keys)).ToEquatableList());

    /// <summary>The keys of one policy's issuers.</summary>
    public EquatableList<string?> KeysOf(AuthorizationPolicy policy)
    {
        var before = Policies.TakeWhile(each => !ReferenceEquals(each, policy)).Sum(each => each.Spec.Jwt.Count);
        return Keys.Skip(before).Take(policy.Spec.Jwt.Count).ToEquatableList();
    }

    private static IEnumerable<string?> KeysOf(AuthorizationPolicy policy, TokenKeys keys) =>
        policy.Spec.Jwt.Select(token => keys.Find(policy, token.Jwks)?.Json);
}
