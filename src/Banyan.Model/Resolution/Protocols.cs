namespace Banyan.Model;

/// <summary>
/// What is spoken on a port: what is declared, then what its name begins with, then what its number is known for.
/// </summary>
internal static class Protocols
{
    // Ports of mail, databases and caches: opaque unless declared.
    private static readonly int[] WellKnown = [25, 587, 3306, 4444, 5432, 6379, 9300, 11211];

    private static readonly (string Prefix, PortProtocol Protocol)[] NamePrefixes =
    [
        ("http", PortProtocol.Http),
        ("http2", PortProtocol.Http2),
        ("h2c", PortProtocol.Http2),
        ("grpc", PortProtocol.Grpc),
        ("https", PortProtocol.Tls),
        ("tls", PortProtocol.Tls),
        ("tcp", PortProtocol.Tcp),
        ("mongo", PortProtocol.Tcp),
        ("mysql", PortProtocol.Tcp),
        ("postgres", PortProtocol.Tcp),
        ("redis", PortProtocol.Tcp),
    ];

    /// <summary>Whether this version carries such a port: HTTP/1, declared or undeclared.</summary>
    public static bool IsCarried(PortProtocol protocol) => protocol is PortProtocol.Http or PortProtocol.Auto;

    public static PortProtocol Of(WorkloadPort port) =>
        port.Protocol == PortProtocol.Auto ? Guess(port.Name, port.Port) : port.Protocol;

    public static PortProtocol Of(ServicePort port)
    {
        if (port.Protocol != TransportProtocol.Tcp)
        {
            return PortProtocol.Tcp;
        }

        return port.AppProtocol.ToLowerInvariant() switch
        {
            "" => Guess(port.Name, port.Port),
            "http" or "kubernetes.io/ws" => PortProtocol.Http,
            "http2" or "kubernetes.io/h2c" => PortProtocol.Http2,
            "grpc" => PortProtocol.Grpc,
            "https" or "tls" or "kubernetes.io/wss" => PortProtocol.Tls,
            _ => PortProtocol.Tcp,
        };
    }

    private static PortProtocol Guess(string name, int port)
    {
        var dash = name.IndexOf('-');
        var prefix = dash < 0 ? name : name[..dash];
        foreach (var (known, protocol) in NamePrefixes)
        {
            if (known == prefix)
            {
                return protocol;
            }
        }

        return WellKnown.Contains(port) ? PortProtocol.Tcp : PortProtocol.Auto;
    }
}
