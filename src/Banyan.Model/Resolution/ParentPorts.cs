namespace Banyan.Model;

/// <summary>The ports of a Service that a route is for, when its parent names that Service.</summary>
internal static class ParentPorts
{
    /// <summary>
    /// The ports that the reference names, or of all the fitting ones; of these, those that declare what the route is
    /// for, if there are any. Empty when there is none.
    /// </summary>
    public static List<ResolvedPort> Of(ResolvedService service, ParentReference parent, RouteType type)
    {
        var fitting = service.Ports
            .Where(port => (parent.Port == 0 || port.Port == parent.Port)
                && (parent.SectionName.Length == 0 || port.Name == parent.SectionName)
                && Fits(port, type))
            .ToList();
        var declared = fitting.FindAll(port => Declares(port.Protocol, type));
        return declared.Count > 0 ? declared : fitting;
    }

    /// <summary>How messages call such a port.</summary>
    public static string Word(RouteType type) => type switch
    {
        RouteType.Tcp => "TCP",
        RouteType.Tls => "TLS",
        _ => "HTTP",
    };

    private static bool Fits(ResolvedPort port, RouteType type) => type switch
    {
        RouteType.Tcp => port.Protocol is PortProtocol.Auto || !port.IsHttp,
        RouteType.Tls => port.Protocol is PortProtocol.Auto or PortProtocol.Tls,
        _ => port.IsHttp,
    };

    // An HTTPRoute is for undeclared ports as for others; they have been HTTP more often than not.
    private static bool Declares(PortProtocol protocol, RouteType type) => type switch
    {
        RouteType.Grpc => protocol is PortProtocol.Grpc or PortProtocol.Http2,
        RouteType.Tls => protocol is PortProtocol.Tls,
        RouteType.Tcp => !Protocols.IsHttp(protocol),
        _ => true,
    };
}
