using System.Net;

namespace Banyan.Control;

/// <summary>What a control plane is started with.</summary>
public sealed record ControlPlaneOptions
{
    /// <summary>The folder that holds the database and the socket; made (0700) when missing.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>
    /// A PostgreSQL database that several control planes share, <c>postgres://USER:PASSWORD@HOST:PORT/DATABASE</c>;
    /// null means a database of its own in the state folder.
    /// </summary>
    public string? Store { get; init; }

    /// <summary>Configuration files and folders, watched while the control plane runs.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Where proxies ask (gRPC over plaintext HTTP/2). Loopback only; port 0 takes a free one.</summary>
    public IPEndPoint Xds { get; init; } = new(IPAddress.Loopback, 14010);

    /// <summary>
    /// Where proxies ask over TLS, known by their certificates; any address. Null means nowhere; port 0 takes a free
    /// one.
    /// </summary>
    public IPEndPoint? XdsTls { get; init; }

    /// <summary>Where the API can be read over TCP. Loopback only; port 0 takes a free one.</summary>
    public IPEndPoint Api { get; init; } = new(IPAddress.Loopback, 14080);

    /// <summary>The unix socket of the whole API (0600); null means <c>control.sock</c> in the state folder.</summary>
    public string? Socket { get; init; }

    /// <summary>
    /// How long an instance that was restored from the database may go without being registered again before it
    /// is asked whether it still lives.
    /// </summary>
    public TimeSpan InstanceTtl { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the keys of token issuers are fetched again; after a failure sooner.</summary>
    public TimeSpan KeyRefresh { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The socket's path after defaults.</summary>
    public string SocketPath => Socket ?? Path.Combine(StateDirectory, "control.sock");
}
