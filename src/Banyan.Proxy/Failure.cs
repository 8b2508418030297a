namespace Banyan.Proxy;

/// <summary>Every way an exchange can fail: stage and whose fault. <see cref="FailureTable"/> says what follows from each.</summary>
public enum Failure : byte
{
    None,

    // Receive: the client's fault.
    MalformedRequest,
    RequestHeadTooLarge,
    RequestHeadTimeout,
    PathRefused,
    ClientGone,

    // Locate: where to.
    NoSuchService,
    OutboundDenied,
    AddressForbidden,
    DiscoveryUnavailable,
    NameNotResolved,
    RequestLoop,

    // Authenticate and authorize: who may.
    TokenRefused,
    AuthorizationDenied,
    PolicyNotHttp,

    // Match: which route.
    NoRoute,
    InvalidBackend,

    // Balance: which endpoint.
    NoHealthyEndpoint,
    Overflow,

    // Forward: this side has nothing to prove who it is.
    IdentityMissing,
    IdentityExpired,

    // Forward: the destination's fault.
    ConnectFailed,
    ConnectTimeout,
    NotDelivered,
    ResetBeforeHeaders,
    MalformedResponse,
    RequestTimeout,
    StreamIdle,
    ResponseTruncated,
    UpgradeRefused,
    UpgradeIgnored,
    UpgradeUnsupported,
}
