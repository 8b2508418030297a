namespace Banyan.Rules;

/// <summary>On what a route may retry (the words of Envoy's <c>retry_on</c>).</summary>
[Flags]
public enum RetryConditions
{
    /// <summary>Never.</summary>
    None = 0,

    /// <summary><c>5xx</c>: any response of that class, a reset or no connection.</summary>
    ServerError = 1 << 0,

    /// <summary><c>gateway-error</c>: 502, 503 and 504.</summary>
    GatewayError = 1 << 1,

    /// <summary><c>reset</c>: no response at all (disconnect, reset, read timeout).</summary>
    Reset = 1 << 2,

    /// <summary><c>reset-before-request</c>: like reset, only when no byte of the head was sent.</summary>
    ResetBeforeRequest = 1 << 3,

    /// <summary><c>connect-failure</c>.</summary>
    ConnectFailure = 1 << 4,

    /// <summary><c>refused-stream</c>: HTTP/2 REFUSED_STREAM.</summary>
    RefusedStream = 1 << 5,

    /// <summary><c>retriable-4xx</c>: 409.</summary>
    Conflict = 1 << 6,

    /// <summary><c>retriable-status-codes</c>: those of <see cref="RetryRule.StatusCodes"/>.</summary>
    StatusCodes = 1 << 7,

    /// <summary>gRPC status <c>cancelled</c>.</summary>
    GrpcCancelled = 1 << 8,

    /// <summary>gRPC status <c>deadline-exceeded</c>.</summary>
    GrpcDeadlineExceeded = 1 << 9,

    /// <summary>gRPC status <c>internal</c>.</summary>
    GrpcInternal = 1 << 10,

    /// <summary>gRPC status <c>resource-exhausted</c>.</summary>
    GrpcResourceExhausted = 1 << 11,

    /// <summary>gRPC status <c>unavailable</c>.</summary>
    GrpcUnavailable = 1 << 12,
}

/// <summary>A route's retry policy. Immutable. Which methods it may be applied to is the caller's decision.</summary>
public sealed class RetryRule
{
    /// <summary>On what to retry; never <see cref="RetryConditions.None"/>.</summary>
    public required RetryConditions Conditions { get; init; }

    /// <summary>Status codes that <see cref="RetryConditions.StatusCodes"/> names.</summary>
    public required ushort[] StatusCodes { get; init; }

    /// <summary>Attempts after the first one. Default 1 (Envoy's).</summary>
    public required int Retries { get; init; }

    /// <summary>Time for each attempt; zero = the request timeout alone.</summary>
    public required TimeSpan PerTryTimeout { get; init; }

    /// <summary>First back-off interval. Default 25 ms.</summary>
    public required TimeSpan BaseInterval { get; init; }

    /// <summary>Longest back-off interval. Default ten times the first.</summary>
    public required TimeSpan MaxInterval { get; init; }

    /// <summary>Says whether a response with that status may be retried.</summary>
    public bool Covers(int status) =>
        ((Conditions & RetryConditions.ServerError) != 0 && status is >= 500 and <= 599)
        || ((Conditions & RetryConditions.GatewayError) != 0 && status is 502 or 503 or 504)
        || ((Conditions & RetryConditions.Conflict) != 0 && status == 409)
        || ((Conditions & RetryConditions.StatusCodes) != 0 && Array.IndexOf(StatusCodes, (ushort)status) >= 0);
}
