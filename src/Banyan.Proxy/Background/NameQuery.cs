using System.Net;
using System.Net.Sockets;
using Banyan.Proxy.Reactor;

namespace Banyan.Proxy.Background;

/// <summary>One look-up of a host name on a thread of its own, for all who ask meanwhile; the answer is posted back.</summary>
/// <remarks>The resolver of the C library waits: neither a reactor nor the housekeeping thread may.</remarks>
internal sealed class NameQuery
{
    private readonly EventLoop _loop;
    private readonly Action<NameQuery>? _resolved;
    private readonly List<Gate> _waiting = [];

    private NameQuery(EventLoop loop, string host, Action<NameQuery>? resolved)
    {
        _loop = loop;
        _resolved = resolved;
        Host = host;
    }

    internal string Host { get; }

    /// <summary>What was found, IPv4 first; empty when nothing was.</summary>
    internal IPAddress[] Addresses { get; private set; } = [];

    /// <param name="loop">Where the answer arrives.</param>
    /// <param name="host">The name.</param>
    /// <param name="resolved">Called on the loop with the answer, before those who wait.</param>
    internal static NameQuery Start(EventLoop loop, string host, Action<NameQuery>? resolved = null)
    {
        var query = new NameQuery(loop, host, resolved);
        NiceThread.Start("resolver", query.Run);
        return query;
    }

    /// <summary>A gate that opens with the answer; the loop's thread only.</summary>
    internal Gate Done()
    {
        var gate = new Gate(_loop);
        _waiting.Add(gate);
        return gate;
    }

    private void Run()
    {
        IPAddress[] found = [];
        try
        {
            found = [.. Dns.GetHostAddresses(Host).OrderBy(static a => a.AddressFamily != AddressFamily.InterNetwork)];
        }
        catch (SocketException)
        {
            // Not resolved: that is the answer.
        }
        catch (ArgumentException)
        {
            // Not a name that could be resolved.
        }

        _loop.Post(() =>
        {
            Addresses = found;
            _resolved?.Invoke(this);
            foreach (var gate in _waiting)
            {
                gate.Open();
            }
        });
    }
}
