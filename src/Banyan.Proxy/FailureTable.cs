using System.Text;
using Banyan.Proxy.Http;
using Banyan.Proxy.Record;

namespace Banyan.Proxy;

/// <summary>What one <see cref="Failure"/> means to caller, metrics and log.</summary>
/// <param name="Status">Status the proxy answers; 0 = the connection is reset, because no answer is possible any more.</param>
/// <param name="Code">Value of <c>x-banyan-error</c>, metric label and log field.</param>
/// <param name="ProxyStatus">Error token of RFC 9209 §2.3.</param>
/// <param name="Retryable">No byte of the request reached the application: sending it again is safe for any method.</param>
/// <param name="EndpointFault">Counts against the endpoint for ejection.</param>
/// <param name="Counter">Counted here, besides the request metric.</param>
/// <param name="Message">One sentence for a person.</param>
public sealed record FailureRow(
    int Status,
    string Code,
    string ProxyStatus,
    bool Retryable,
    bool EndpointFault,
    Counter? Counter,
    string Message)
{
    /// <summary>Status of the answer to a call of gRPC.</summary>
    internal int GrpcStatus { get; init; }

    /// <summary>Head of the answer to a call of gRPC: all of it, there are trailers only.</summary>
    internal byte[] GrpcHead => _grpcHead ??= Encoding.ASCII.GetBytes(
        $"HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\ngrpc-status: {GrpcStatus}\r\ngrpc-message: {Message}\r\n"
        + $"x-banyan-error: {Code}\r\nproxy-status: banyan; error={ProxyStatus}\r\n\r\n");

    /// <summary>The same when a head was sent already.</summary>
    internal byte[] GrpcTrailers => _grpcTrailers ??= Encoding.ASCII.GetBytes(
        $"grpc-status: {GrpcStatus}\r\ngrpc-message: {Message}\r\n\r\n");

    private byte[]? _grpcHead;
    private byte[]? _grpcTrailers;

    /// <summary>Body of the answer.</summary>
    internal byte[] Body { get; } = Encoding.ASCII.GetBytes(Message + "\n");

    /// <summary>Fields of the answer that never change.</summary>
    internal byte[] Fields { get; } = Encoding.ASCII.GetBytes(
        $"content-type: text/plain\r\nx-banyan-error: {Code}\r\nproxy-status: banyan; error={ProxyStatus}\r\n"
        + $"content-length: {Message.Length + 1}\r\n");

    /// <summary>Status line of the answer.</summary>
    internal byte[] StatusLine { get; } = Encoding.ASCII.GetBytes(
        $"HTTP/1.1 {Status} {(Status == 0 ? "" : ReasonPhrase(Status))}\r\n");

    private static string ReasonPhrase(int status) => status switch
    {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        408 => "Request Timeout",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        508 => "Loop Detected",
        _ => "",
    };
}

/// <summary>The one table from failure to status, code, retry, ejection and metric (docs/reference/errors.md).</summary>
public static class FailureTable
{
    private static readonly FailureRow[] Rows = Build();

    /// <summary>The row of a failure.</summary>
    public static FailureRow Row(this Failure failure) => Rows[(int)failure];

    /// <summary>The table of semantics, else what gRPC itself makes of the status (doc/http-grpc-status-mapping.md).</summary>
    private static int GrpcStatusOf(Failure failure, int status) => (failure, status) switch
    {
        (Failure.MalformedResponse, _) or (_, 400) => GrpcCall.Internal,
        (_, 401) => GrpcCall.Unauthenticated,
        (_, 403) => GrpcCall.PermissionDenied,
        (_, 404) => GrpcCall.Unimplemented,
        (_, 431) => GrpcCall.ResourceExhausted,
        (_, 504) => GrpcCall.DeadlineExceeded,
        _ => GrpcCall.Unavailable,
    };

    private static FailureRow[] Build()
    {
        var rows = new FailureRow[(int)Failure.UpgradeUnsupported + 1];
        Add(Failure.None, 0, "", "", null, "");
        Add(Failure.MalformedRequest, 400, "malformed-request", "http_request_error", Counter.MalformedRequests, "The request is not valid HTTP/1.1.");
        Add(Failure.RequestHeadTooLarge, 431, "request-head-too-large", "http_request_error", Counter.RequestHeadsTooLarge, "The request head is over 64 KiB or 100 fields.");
        Add(Failure.RequestHeadTimeout, 408, "request-head-timeout", "http_request_error", Counter.HeadTimeouts, "The request head was not complete in time.");
        Add(Failure.PathRefused, 400, "path-refused", "http_request_denied", Counter.MalformedRequests, "The path has an encoding that could be read in two ways.");
        Add(Failure.ClientGone, 0, "client-gone", "http_request_error", Counter.DownstreamResets, "The client went away.");
        Add(Failure.NoSuchService, 502, "no-such-service", "destination_not_found", Counter.NoService, "No service of that name exists in the mesh.");
        Add(Failure.OutboundDenied, 403, "outbound-denied", "http_request_denied", Counter.ExternalDenied, "Destinations outside the mesh are denied.");
        Add(Failure.AddressForbidden, 403, "outbound-denied", "destination_ip_prohibited", Counter.ExternalDenied, "The address is local to this host and not part of the mesh.");
        Add(Failure.DiscoveryUnavailable, 503, "discovery-unavailable", "destination_unavailable", Counter.DiscoveryUnavailable, "The destination is not known yet and the control plane cannot be asked.");
        Add(Failure.NameNotResolved, 502, "name-not-resolved", "dns_error", null, "The host name could not be resolved.");
        Add(Failure.RequestLoop, 508, "request-loop", "proxy_loop_detected", Counter.Loops, "The request leads back to this proxy.");
        Add(Failure.TokenRefused, 401, "token-refused", "http_request_denied", null, "The token is not accepted.");
        Add(Failure.AuthorizationDenied, 403, "authorization-denied", "http_request_denied", Counter.AuthorizationDenied, "An authorization policy denies the call.");
        Add(Failure.PolicyNotHttp, 0, "l7-policy-not-http", "http_request_denied", Counter.AuthorizationDenied, "An authorization policy asks about requests, and the connection is not HTTP.");
        Add(Failure.NoRoute, 404, "no-route", "http_request_denied", Counter.NoRoute, "No route matches the request.");
        Add(Failure.InvalidBackend, 500, "invalid-backend", "proxy_configuration_error", null, "The route refers to a backend that does not exist.");
        Add(Failure.NoHealthyEndpoint, 503, "no-healthy-endpoint", "destination_unavailable", Counter.NoEndpoint, "The service has no healthy endpoint.");
        Add(Failure.Overflow, 503, "overflow", "connection_limit_reached", Counter.Overflows, "Too many connections or waiting requests to the service.");
        Add(Failure.IdentityMissing, 503, "identity-missing", "proxy_configuration_error", null, "This proxy has no identity yet and the destination is called with mTLS only.");
        Add(Failure.IdentityExpired, 503, "identity-expired", "proxy_configuration_error", null, "The certificate of this proxy has run out and the destination is called with mTLS only.");
        Add(Failure.ConnectFailed, 503, "connect-failed", "connection_refused", Counter.UpstreamConnectFailures, "The connection to the destination failed.", retryable: true, endpoint: true);
        Add(Failure.ConnectTimeout, 503, "connect-timeout", "connection_timeout", Counter.ConnectTimeouts, "The destination did not accept the connection in time.", retryable: true, endpoint: true);
        Add(Failure.NotDelivered, 503, "not-delivered", "destination_unavailable", Counter.NotDelivered, "No byte of the request reached the application.", retryable: true, endpoint: true);
        Add(Failure.ResetBeforeHeaders, 503, "reset-before-headers", "connection_terminated", Counter.UpstreamResets, "The destination closed the connection before it answered.", endpoint: true);
        Add(Failure.MalformedResponse, 502, "malformed-response", "http_protocol_error", Counter.MalformedResponses, "The destination's response is not valid HTTP/1.1.", endpoint: true);
        Add(Failure.RequestTimeout, 504, "request-timeout", "http_response_timeout", Counter.RequestTimeouts, "The destination did not answer in time.");
        Add(Failure.StreamIdle, 504, "stream-idle", "connection_read_timeout", Counter.IdleTimeouts, "No byte moved for too long.");
        Add(Failure.ResponseTruncated, 0, "response-truncated", "http_response_incomplete", Counter.UpstreamResets, "The response ended before it was complete.", endpoint: true);
        Add(Failure.UpgradeRefused, 502, "upgrade-refused", "http_upgrade_failed", null, "The destination switched protocols unasked.");
        Add(Failure.UpgradeIgnored, 502, "upgrade-ignored", "http_upgrade_failed", null, "The destination answered without switching to the protocol that was asked for.");
        Add(Failure.UpgradeUnsupported, 502, "upgrade-unsupported", "http_upgrade_failed", null, "The destination speaks HTTP/2 and does not take this upgrade (RFC 8441).");
        return rows;

        void Add(
            Failure failure,
            int status,
            string code,
            string proxyStatus,
            Counter? counter,
            string message,
            bool retryable = false,
            bool endpoint = false) =>
            rows[(int)failure] = new FailureRow(status, code, proxyStatus, retryable, endpoint, counter, message)
            {
                GrpcStatus = GrpcStatusOf(failure, status),
            };
    }
}
