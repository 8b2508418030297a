using System.Text;
using Banyan.Proxy.Accept;
using Banyan.Proxy.Tls;
using Banyan.Wire.Http1;

namespace Banyan.Proxy.Http;

/// <summary>Tells the application who calls it: <c>x-forwarded-client-cert</c>, as Envoy writes it.</summary>
/// <remarks>What a caller wrote itself never arrives: it would be believed.</remarks>
internal static class ForwardedClientCert
{
    /// <summary>The line that came is left out on the way to the application.</summary>
    internal static bool Drops(Exchange x, in FieldLine line) =>
        line.Known == KnownField.ForwardedClientCert && x.Listener.Role == Snapshot.ListenerRole.Inbound;

    /// <summary>Writes the line about a caller that has proved who it is.</summary>
    internal static void Write(ref HeadBuilder builder, Exchange x)
    {
        if (x.Client.Peer.IsSecured && x.Listener.Role == Snapshot.ListenerRole.Inbound)
        {
            builder.Append(x.Client.PeerLine ??= Line(x.Client));
        }
    }

    /// <summary>SPIFFE IDs have none of the characters that would have to be quoted.</summary>
    private static byte[] Line(Downstream client)
    {
        if (client.Sock.Layer is not TlsConnection connection)
        {
            return [];
        }

        var hash = Convert.ToHexStringLower(connection.PeerHash());
        var by = connection.Context.OwnId;
        return Encoding.ASCII.GetBytes(
            $"x-forwarded-client-cert: {(by.Length > 0 ? $"By={by};" : "")}{(hash.Length > 0 ? $"Hash={hash};" : "")}URI={connection.PeerId}\r\n");
    }
}
