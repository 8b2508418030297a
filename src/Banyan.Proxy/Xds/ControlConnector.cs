using System.Net;
using Banyan.Proxy.Background;
using Banyan.Proxy.Forward;
using Banyan.Proxy.Reactor;

namespace Banyan.Proxy.Xds;

/// <summary>Connects to control planes, by name or by address. Lives on one event loop.</summary>
internal sealed class ControlConnector(ReactorContext context)
{
    /// <summary>More than the second after which a SYN that was lost is sent again (RFC 6298).</summary>
    private const long ConnectMs = 1_500;

    private const long ResolveMs = 5_000;

    /// <summary>Tries every address of a control plane in turn; without a socket there is the reason.</summary>
    internal async ReactorTask<(Sock? Sock, string Reason)> Connect(Uri control)
    {
        var addresses = await Resolve(control);
        var reason = $"the name {control.Host} is not known";
        foreach (var address in addresses)
        {
            var endPoint = new IPEndPoint(address, control.Port);
            var target = SockAddr.From(endPoint);
            var sock = Connector.Begin(context, target, out var inProgress);
            var wait = sock is null || !inProgress ? Wait.Ready : await sock.Writable(context.Loop.NowMs + ConnectMs);
            if (sock is not null && wait == Wait.Ready && Connector.Established(sock, target))
            {
                return (sock, "");
            }

            sock?.Close();
            reason = wait == Wait.TimedOut ? $"{endPoint} does not answer" : $"{endPoint} refuses the connection";
        }

        return (null, reason);
    }

    private async ReactorTask<IPAddress[]> Resolve(Uri control)
    {
        if (IPAddress.TryParse(control.Host.Trim('[', ']'), out var literal))
        {
            return [literal];
        }

        var query = NameQuery.Start(context.Loop, control.IdnHost);
        await query.Done().Until(context.Loop.NowMs + ResolveMs);
        return query.Addresses;
    }
}
