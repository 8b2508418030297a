using Banyan.Xds;
using Google.Protobuf.WellKnownTypes;
using SanType = Banyan.Xds.SubjectAltNameMatcher.Types.SanType;

namespace Banyan.Model;

/// <summary>Mutual TLS between sidecars, as xDS has it.</summary>
internal static class TransportTranslator
{
    /// <summary>Where an endpoint's metadata says which of the cluster's transport sockets is its.</summary>
    private const string MatchKey = "envoy.transport_socket_match";

    private const string Mark = "mtls";
    private const string TlsName = "envoy.transport_sockets.tls";
    private const string RawName = "envoy.transport_sockets.raw_buffer";

    /// <summary>By these a sidecar tells the mesh's own TLS from an application's.</summary>
    private static readonly string[] Protocols = ["banyan-h2", "banyan-http/1.1", "banyan-tcp"];

    /// <summary>How callers reach the endpoints of a cluster: those that are marked by TLS, the others without.</summary>
    public static IEnumerable<Cluster.Types.TransportSocketMatch> Upstream(PeerPlan peers) =>
    [
        new()
        {
            Name = "mtls",
            Match = new Struct { Fields = { [Mark] = Value.ForBool(true) } },
            TransportSocket = Tls(new UpstreamTlsContext
            {
                CommonTlsContext = Common(peers.TrustDomain, peers.Identities.Select(identity => new SubjectAltNameMatcher
                {
                    SanType = SanType.Uri, Matcher = new StringMatcher { Exact = identity },
                })),
            }),
        },
        new() { Name = "plaintext", Match = new Struct(), TransportSocket = new TransportSocket { Name = RawName } },
    ];

    /// <summary>Marks an endpoint whose sidecar takes mutual TLS.</summary>
    public static void Secure(LbEndpoint endpoint) => endpoint.Metadata.FilterMetadata.Add(
        MatchKey, new Struct { Fields = { [Mark] = Value.ForBool(true) } });

    /// <summary>Puts mutual TLS in front of what a listener does: alone, or beside the same without it.</summary>
    public static void Secure(Listener listener, string trustDomain, MutualTlsMode mode)
    {
        var plain = listener.FilterChains[0];
        var secured = new FilterChain
        {
            Name = "mtls",
            Filters = { plain.Filters },
            TransportSocket = Tls(new DownstreamTlsContext
            {
                CommonTlsContext = Common(trustDomain, []), RequireClientCertificate = true,
            }),
        };
        if (mode == MutualTlsMode.Strict)
        {
            listener.FilterChains[0] = secured;
            return;
        }

        secured.FilterChainMatch = new FilterChainMatch
        {
            TransportProtocol = "tls", ApplicationProtocols = { Protocols },
        };
        listener.FilterChains.Insert(0, secured);
    }

    private static TransportSocket Tls(Google.Protobuf.IMessage context) =>
        new() { Name = TlsName, TypedConfig = Encode.Any(context) };

    private static CommonTlsContext Common(string trustDomain, IEnumerable<SubjectAltNameMatcher> names) => new()
    {
        AlpnProtocols = { Protocols },
        CombinedValidationContext = new CommonTlsContext.Types.CombinedCertificateValidationContext
        {
            DefaultValidationContext = new CertificateValidationContext { MatchTypedSubjectAltNames = { names } },
            ValidationContextSdsSecretConfig = new SdsSecretConfig
            {
                Name = WorkloadIdentity.Domain(trustDomain), SdsConfig = Encode.Ads(),
            },
        },
    };
}

/// <summary>Who may stand behind a service port.</summary>
/// <param name="TrustDomain">Of all of them.</param>
/// <param name="Identities">SPIFFE IDs, sorted, each once.</param>
internal sealed record PeerPlan(string TrustDomain, EquatableList<string> Identities);
