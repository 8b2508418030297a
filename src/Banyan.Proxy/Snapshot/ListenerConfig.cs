using System.Net;
using Banyan.Proxy.Record;
using Banyan.Rules.Authorization;
using Banyan.Rules.Tokens;

namespace Banyan.Proxy.Snapshot;

/// <summary>What a listener accepts.</summary>
public enum ListenerRole : byte
{
    /// <summary>Requests for the workload beside this proxy.</summary>
    Inbound,

    /// <summary>Requests of the workload to anywhere, told apart by host.</summary>
    Outbound,

    /// <summary>Requests of the workload to one fixed destination.</summary>
    Upstream,
}

/// <summary>What is spoken on a listener or to a destination.</summary>
public enum PortProtocol : byte
{
    /// <summary>Not declared: the first bytes tell.</summary>
    Detect,

    /// <summary>HTTP/1 or HTTP/2; anything else is malformed.</summary>
    Http,

    /// <summary>Bytes that are relayed unread.</summary>
    Tcp,
}

/// <summary>Who may call on an inbound listener.</summary>
public enum ListenerSecurity : byte
{
    /// <summary>Anybody, in plaintext.</summary>
    Plaintext,

    /// <summary>Other sidecars with mTLS, and anybody in plaintext.</summary>
    Permissive,

    /// <summary>Other sidecars with mTLS.</summary>
    Strict,
}

/// <summary>A socket this proxy listens on. Immutable.</summary>
public sealed class ListenerConfig
{
    private int _edgeLabel;

    /// <summary>Unique name, such as <c>inbound/payments.default:80</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What it accepts.</summary>
    public required ListenerRole Role { get; init; }

    /// <summary>Where it listens.</summary>
    public required IPEndPoint Address { get; init; }

    /// <summary>Inbound: the routes to the application. Upstream: its destination. Outbound: null.</summary>
    public TargetConfig? Target { get; init; }

    /// <summary>Outbound: the routes for hosts outside the mesh.</summary>
    public TargetConfig? Fallback { get; init; }

    /// <summary>What is spoken here. An outbound listener speaks HTTP; what is inside CONNECT is the destination's to say.</summary>
    public PortProtocol Protocol { get; init; }

    /// <summary>Inbound: who may call; elsewhere the application of this side calls.</summary>
    public ListenerSecurity Security { get; init; }

    /// <summary>Inbound: whose tokens are accepted; null = nobody looks at any.</summary>
    public TokenTable? Tokens { get; init; }

    /// <summary>Inbound: who may call what; null = anybody anything.</summary>
    public AuthorizationTable? Authorization { get; init; }

    /// <summary>How requests are read.</summary>
    public required HttpSettings Http { get; init; }

    /// <summary>Inbound and upstream: the service that is called; else empty.</summary>
    public string Service { get; init; } = "";

    /// <summary>Namespace of <see cref="Service"/>.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Inbound: version of the workload beside this proxy.</summary>
    public string Version { get; init; } = "";

    /// <summary>Inbound: name of the workload beside this proxy.</summary>
    public string Workload { get; init; } = "";

    /// <summary>Port of <see cref="Service"/>; 0 when there is none.</summary>
    public int Port { get; init; }

    /// <summary>Interned (workload, version) for <see cref="EdgeKey"/>.</summary>
    internal int EdgeLabel => _edgeLabel != 0 ? _edgeLabel : _edgeLabel = EdgeLabels.Workload(Workload, Version);
}
