using System.Net;
using System.Net.Sockets;
using Banyan.Xds;
using SocketAddress = Banyan.Xds.SocketAddress;

namespace Banyan.Proxy.Snapshot.Resources;

/// <summary>Reads <c>envoy.config.core.v3.Address</c>: IP literals over TCP.</summary>
internal static class AddressReader
{
    public static IPEndPoint? Read(Address? address, string field, Problems problems)
    {
        if (address?.SocketAddress is not { } socket)
        {
            problems.Add(field, address?.Pipe is null ? "missing" : "pipes are not supported");
            return null;
        }

        field += ".socket_address";
        if (socket.Protocol != SocketAddress.Types.Protocol.Tcp)
        {
            problems.Add($"{field}.protocol", "only TCP is supported");
            return null;
        }

        if (socket.PortSpecifierCase == SocketAddress.PortSpecifierOneofCase.NamedPort || socket.PortValue is 0 or > 65535)
        {
            problems.Add($"{field}.port_value", "must be a number from 1 to 65535");
            return null;
        }

        // IPAddress reads 127.1 and 010.0.0.1 too: what it writes must be what was sent.
        if (!IPAddress.TryParse(socket.Address, out var ip)
            || (ip.AddressFamily == AddressFamily.InterNetwork && ip.ToString() != socket.Address))
        {
            problems.Add($"{field}.address", $"\"{socket.Address}\" is not an IP address");
            return null;
        }

        return new IPEndPoint(ip, (int)socket.PortValue);
    }
}
