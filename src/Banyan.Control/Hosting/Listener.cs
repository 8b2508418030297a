namespace Banyan.Control.Hosting;

/// <summary>Through which door a connection came.</summary>
internal enum Listener
{
    /// <summary>gRPC of the proxies.</summary>
    Xds,

    /// <summary>The API on loopback TCP.</summary>
    Tcp,

    /// <summary>The API on the unix socket.</summary>
    Socket,

    /// <summary>gRPC of the proxies, over TLS.</summary>
    XdsTls,
}
