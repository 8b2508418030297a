namespace Banyan.Proxy.Record;

/// <summary>Numbers a reactor keeps beside the request durations. Names and help texts: <see cref="Counters"/>.</summary>
public enum Counter
{
    /// <summary>Connections accepted by listeners.</summary>
    ConnectionsAccepted,

    /// <summary>Gauge: accepted connections that are open.</summary>
    ConnectionsActive,

    /// <summary>Gauge: exchanges in flight.</summary>
    RequestsActive,

    /// <summary>Connections to endpoints that were begun.</summary>
    UpstreamConnects,

    /// <summary>Connections to endpoints that failed (refused, timed out, unreachable, connected to itself).</summary>
    UpstreamConnectFailures,

    /// <summary>Gauge: connections to endpoints that are open, idle ones included.</summary>
    UpstreamConnectionsActive,

    /// <summary>Requests sent on a connection that had served before.</summary>
    UpstreamReuses,

    /// <summary>Pooled connections found dead or closed after their idle time.</summary>
    UpstreamIdleCloses,

    /// <summary>Requests sent again to an endpoint.</summary>
    Retries,

    /// <summary>Retries that were safe but over the budget.</summary>
    RetriesOverBudget,

    /// <summary>Connections reset by the endpoint while a response was due.</summary>
    UpstreamResets,

    /// <summary>Connections reset or left by the client before its response was complete.</summary>
    DownstreamResets,

    /// <summary>Requests refused with 400.</summary>
    MalformedRequests,

    /// <summary>Requests refused with 431.</summary>
    RequestHeadsTooLarge,

    /// <summary>Responses that became 502.</summary>
    MalformedResponses,

    /// <summary>Requests whose head was not complete in time.</summary>
    HeadTimeouts,

    /// <summary>Requests answered 504.</summary>
    RequestTimeouts,

    /// <summary>Exchanges ended because no byte moved for too long.</summary>
    IdleTimeouts,

    /// <summary>Connects that took longer than the cluster's limit.</summary>
    ConnectTimeouts,

    /// <summary>Answers <c>not-delivered</c> given by this proxy's inbound side.</summary>
    NotDelivered,

    /// <summary>Requests refused because a limit of connections or waiting requests was reached.</summary>
    Overflows,

    /// <summary>Requests without an endpoint to go to.</summary>
    NoEndpoint,

    /// <summary>Requests no route matched.</summary>
    NoRoute,

    /// <summary>Requests for a name that does not exist.</summary>
    NoService,

    /// <summary>Requests that waited for the control plane to answer for a name.</summary>
    DiscoveryWaits,

    /// <summary>Of those, the ones that got 503 discovery-unavailable.</summary>
    DiscoveryUnavailable,

    /// <summary>Requests to destinations outside the mesh.</summary>
    ExternalRequests,

    /// <summary>Requests outside the mesh that were refused.</summary>
    ExternalDenied,

    /// <summary>Requests that led back to this proxy (508).</summary>
    Loops,

    /// <summary>Connections and streams turned into a tunnel by CONNECT or Upgrade.</summary>
    Tunnels,

    /// <summary>Of those, the ones after an upgrade that are open.</summary>
    TunnelsActive,

    /// <summary>Bytes of upgraded connections to destinations.</summary>
    TunnelBytesToDestination,

    /// <summary>Bytes of upgraded connections to clients.</summary>
    TunnelBytesToSource,

    /// <summary>Endpoints taken out after failures.</summary>
    Ejections,

    /// <summary>HTTP/2 connections of clients.</summary>
    Http2Connections,

    /// <summary>Streams and connections ended because the peer broke the rules of HTTP/2.</summary>
    Http2Errors,

    /// <summary>Connections ended with ENHANCE_YOUR_CALM.</summary>
    Http2Floods,

    /// <summary>Streams refused because too many were open, or the connection was ending.</summary>
    Http2StreamsRefused,

    /// <summary>TLS handshakes that verified the peer's certificate.</summary>
    TlsHandshakesFull,

    /// <summary>TLS handshakes that resumed a session.</summary>
    TlsHandshakesResumed,

    /// <summary>Gauge: TLS handshakes under way.</summary>
    TlsHandshakesActive,

    /// <summary>TLS handshakes that waited until others were done.</summary>
    TlsHandshakesDelayed,

    /// <summary>Requests and connections that an authorization policy denied.</summary>
    AuthorizationDenied,

    /// <summary>Requests and connections that a policy in audit mode would have denied.</summary>
    AuthorizationAudited,

    /// <summary>Tokens that were read and verified, not known from before.</summary>
    TokensVerified,

    /// <summary>TLS connections that ended without the peer's word that this was all.</summary>
    TlsTruncations,
}
