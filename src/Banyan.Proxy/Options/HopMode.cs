namespace Banyan.Proxy.Options;

/// <summary>How requests travel between sidecars.</summary>
public enum HopMode
{
    /// <summary>By load: over connections of HTTP/2 that requests share, while many are under way to an endpoint.</summary>
    Adaptive,

    /// <summary>In the version of the client.</summary>
    Client,

    /// <summary>By HTTP/1.1, each request on a connection of its own, where nothing forbids it.</summary>
    Http1,

    /// <summary>By HTTP/2, where nothing forbids it.</summary>
    Http2,
}
