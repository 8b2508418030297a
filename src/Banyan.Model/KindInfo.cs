namespace Banyan.Model;

/// <summary>A kind of the configuration language, as commands name it.</summary>
/// <param name="ApiVersion">As it is written.</param>
/// <param name="Kind">Its name, for example <c>HTTPRoute</c>.</param>
/// <param name="Plural">For example <c>httproutes</c>.</param>
/// <param name="IsSupported">False: known, but not supported by this version.</param>
public sealed record KindInfo(string ApiVersion, string Kind, string Plural, bool IsSupported)
{
    /// <summary>Every kind.</summary>
    public static EquatableList<KindInfo> All { get; } =
    [
        new("banyan.dev/v1alpha1", "Mesh", "meshes", IsSupported: true),
        new("banyan.dev/v1alpha1", "Workload", "workloads", IsSupported: true),
        new("v1", "Service", "services", IsSupported: true),
        new("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes", IsSupported: true),
        new("gateway.networking.k8s.io/v1", "GRPCRoute", "grpcroutes", IsSupported: true),
        new("gateway.networking.k8s.io/v1", "TLSRoute", "tlsroutes", IsSupported: true),
        new("gateway.networking.k8s.io/v1alpha2", "TCPRoute", "tcproutes", IsSupported: true),
        new("banyan.dev/v1alpha1", "AuthorizationPolicy", "authorizationpolicies", IsSupported: true),
        new("banyan.dev/v1alpha1", "Check", "checks", IsSupported: true),
        new("banyan.dev/v1alpha1", "TrafficPolicy", "trafficpolicies", IsSupported: false),
        new("banyan.dev/v1alpha1", "FaultInjection", "faultinjections", IsSupported: false),
        new("banyan.dev/v1alpha1", "MutualTls", "mutualtlses", IsSupported: true),
        new("banyan.dev/v1alpha1", "Telemetry", "telemetries", IsSupported: false),
    ];

    /// <summary>The kind with this name or plural, in any case; null when there is none.</summary>
    public static KindInfo? Find(string name)
    {
        foreach (var kind in All)
        {
            if (string.Equals(kind.Kind, name, StringComparison.OrdinalIgnoreCase)
                || string.Equals(kind.Plural, name, StringComparison.OrdinalIgnoreCase))
            {
                return kind;
            }
        }

        return null;
    }
}
