namespace Banyan.Proxy.Record;

/// <summary>How a number behaves.</summary>
internal enum CounterKind : byte
{
    Counter,
    Gauge,
}

/// <summary>Name, behaviour and help text of one <see cref="Counter"/>.</summary>
/// <param name="Name">Metric name without the <c>_total</c> of a counter.</param>
/// <param name="Kind">How it behaves.</param>
/// <param name="Help">One line.</param>
internal readonly record struct CounterDeclaration(string Name, CounterKind Kind, string Help);

/// <summary>The table of <see cref="Counter"/>s: every metric that is not a duration is declared here and nowhere else.</summary>
internal static class Counters
{
    /// <summary>Number of counters.</summary>
    public const int Count = (int)Counter.TlsTruncations + 1;

    private static readonly CounterDeclaration[] Table = Declare();

    public static CounterDeclaration Of(Counter counter) => Table[(int)counter];

    private static CounterDeclaration[] Declare()
    {
        var table = new CounterDeclaration[Count];
        Total(Counter.ConnectionsAccepted, "banyan_connections_accepted", "Connections accepted by listeners.");
        Gauge(Counter.ConnectionsActive, "banyan_connections_active", "Accepted connections that are open.");
        Gauge(Counter.RequestsActive, "banyan_requests_active", "Requests in flight.");
        Total(Counter.UpstreamConnects, "banyan_upstream_connects", "Connections to endpoints that were begun.");
        Total(Counter.UpstreamConnectFailures, "banyan_upstream_connect_failures", "Connections to endpoints that failed.");
        Gauge(Counter.UpstreamConnectionsActive, "banyan_upstream_connections_active", "Open connections to endpoints.");
        Total(Counter.UpstreamReuses, "banyan_upstream_reuses", "Requests sent on a connection that had served before.");
        Total(Counter.UpstreamIdleCloses, "banyan_upstream_idle_closes", "Pooled connections closed while idle.");
        Total(Counter.Retries, "banyan_retries", "Requests sent again.");
        Total(Counter.RetriesOverBudget, "banyan_retries_over_budget", "Retries given up because the budget was spent.");
        Total(Counter.UpstreamResets, "banyan_upstream_resets", "Connections reset by an endpoint while a response was due.");
        Total(Counter.DownstreamResets, "banyan_downstream_resets", "Clients gone before their response was complete.");
        Total(Counter.MalformedRequests, "banyan_malformed_requests", "Requests refused with 400.");
        Total(Counter.RequestHeadsTooLarge, "banyan_request_heads_too_large", "Requests refused with 431.");
        Total(Counter.MalformedResponses, "banyan_malformed_responses", "Malformed responses, answered 502.");
        Total(Counter.HeadTimeouts, "banyan_head_timeouts", "Request heads not complete in time.");
        Total(Counter.RequestTimeouts, "banyan_request_timeouts", "Requests answered 504.");
        Total(Counter.IdleTimeouts, "banyan_idle_timeouts", "Exchanges ended because no byte moved.");
        Total(Counter.ConnectTimeouts, "banyan_connect_timeouts", "Connects that took too long.");
        Total(Counter.NotDelivered, "banyan_not_delivered", "Requests no byte of which reached the application.");
        Total(Counter.Overflows, "banyan_overflows", "Requests refused at a limit of connections or waiting requests.");
        Total(Counter.NoEndpoint, "banyan_no_endpoint", "Requests without an endpoint to go to.");
        Total(Counter.NoRoute, "banyan_no_route", "Requests no route matched.");
        Total(Counter.NoService, "banyan_no_service", "Requests for a service that does not exist.");
        Total(Counter.DiscoveryWaits, "banyan_discovery_waits", "Requests that waited for the control plane.");
        Total(Counter.DiscoveryUnavailable, "banyan_discovery_unavailable", "Requests to unknown names without a control plane.");
        Total(Counter.ExternalRequests, "banyan_external_requests", "Requests to destinations outside the mesh.");
        Total(Counter.ExternalDenied, "banyan_external_denied", "Requests outside the mesh that were refused.");
        Total(Counter.Loops, "banyan_loops", "Requests that led back to this proxy.");
        Total(Counter.Tunnels, "banyan_tunnels", "Connections and streams turned into a tunnel by CONNECT or an upgrade.");
        Gauge(Counter.TunnelsActive, "banyan_upgrades_active", "Upgraded connections and streams that are open, WebSocket above all.");
        Total(Counter.TunnelBytesToDestination, "banyan_upgrade_sent_bytes", "Bytes of upgraded connections handed to destinations.");
        Total(Counter.TunnelBytesToSource, "banyan_upgrade_received_bytes", "Bytes of upgraded connections handed to clients.");
        Total(Counter.Ejections, "banyan_ejections", "Endpoints taken out after failures.");
        Total(Counter.Http2Connections, "banyan_http2_connections", "HTTP/2 connections of clients.");
        Total(Counter.Http2Errors, "banyan_http2_errors", "Streams and connections ended because the peer broke the rules of HTTP/2.");
        Total(Counter.Http2Floods, "banyan_http2_floods", "Connections ended with ENHANCE_YOUR_CALM.");
        Total(Counter.Http2StreamsRefused, "banyan_http2_streams_refused", "Streams refused because too many were open, or the connection was ending.");
        Total(Counter.TlsHandshakesFull, "banyan_tls_handshakes_full", "TLS handshakes that verified the peer's certificate.");
        Total(Counter.TlsHandshakesResumed, "banyan_tls_handshakes_resumed", "TLS handshakes that resumed a session.");
        Gauge(Counter.TlsHandshakesActive, "banyan_tls_handshakes_active", "TLS handshakes under way.");
        Total(Counter.TlsHandshakesDelayed, "banyan_tls_handshakes_delayed", "TLS handshakes that waited until others were done.");
        Total(Counter.AuthorizationDenied, "banyan_authorization_denied", "Requests and connections that an authorization policy denied.");
        Total(Counter.AuthorizationAudited, "banyan_authorization_audited", "Requests and connections that an authorization policy in audit mode would have denied.");
        Total(Counter.TokensVerified, "banyan_tokens_verified", "Tokens of requests that were read and verified, because they were not known from before.");
        Total(Counter.TlsTruncations, "banyan_tls_truncations", "TLS connections that ended without close_notify.");
        return table;

        void Total(Counter counter, string name, string help) => table[(int)counter] = new(name, CounterKind.Counter, help);

        void Gauge(Counter counter, string name, string help) => table[(int)counter] = new(name, CounterKind.Gauge, help);
    }
}
