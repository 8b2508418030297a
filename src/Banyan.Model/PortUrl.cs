namespace Banyan.Model;

/// <summary>How a port is written where people read it.</summary>
public static class PortUrl
{
    /// <summary>
    /// <c>http://</c>, <c>tcp://</c> or <c>tls://</c>, as the workload declares the port; nothing where only its first bytes
    /// will tell.
    /// </summary>
    /// <remarks>What a Service object of the same port says beside it is not asked.</remarks>
    public static string Scheme(WorkloadPort port) => Protocols.OfWorkload(port) switch
    {
        PortProtocol.Tcp => "tcp://",
        PortProtocol.Tls => "tls://",
        PortProtocol.Auto => "",
        _ => "http://",
    };
}
