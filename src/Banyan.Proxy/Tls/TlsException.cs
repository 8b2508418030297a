namespace Banyan.Proxy.Tls;

/// <summary>TLS cannot be used as it was asked for: a library, a key or a certificate is missing or wrong.</summary>
/// <remarks>Thrown while a context is made, off the reactors; connections fail by value (<see cref="TlsRefusal"/>).</remarks>
internal sealed class TlsException(string message) : Exception(message);
