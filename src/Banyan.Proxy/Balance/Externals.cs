using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;
using Banyan.Proxy.Background;
using Banyan.Proxy.Http;
using Banyan.Proxy.Match;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy.Balance;

/// <summary>Destinations outside the mesh: names resolved off the reactor and kept 30 s, addresses of this host refused.</summary>
internal sealed class Externals(Worker worker)
{
    private const long KeepMs = 30_000;
    private const long KeepFailureMs = 5_000;
    private const long ResolveTimeoutMs = 5_000;
    private const int MaxEntries = 1_024;

    /// <summary>Look-ups at a time. Each blocks a thread; with a dead resolver, more would only wait longer.</summary>
    private const int MaxQueries = 32;

    private readonly Dictionary<string, Entry> _names = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, NameQuery> _queries = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<IPEndPoint, EndpointState> _endpoints = [];

    /// <summary>Stage "balance" for a host outside the mesh.</summary>
    internal async ReactorTask<Failure> Balance(Exchange x)
    {
        x.Attempts++;
        worker.Count(Counter.ExternalRequests);
        if (!Name(x, out var host, out var port))
        {
            return Failure.MalformedRequest;
        }

        var address = IPAddress.TryParse(host.Trim('[', ']'), out var literal) ? literal : await Resolve(host);
        if (address is null)
        {
            return Failure.NameNotResolved;
        }

        var endPoint = new IPEndPoint(address, port);
        if (IsOwnListener(x.Snapshot, endPoint))
        {
            return Failure.RequestLoop;
        }

        if (!ExternalAddress.IsAllowed(address) && !IsMeshEndpoint(x.Snapshot, endPoint))
        {
            return Failure.AddressForbidden;
        }

        x.Endpoint = Endpoint(endPoint);
        return Failure.None;
    }

    internal void CloseIdle(long nowMs)
    {
        foreach (var endpoint in _endpoints.Values)
        {
            endpoint.CloseIdle(nowMs);
        }
    }

    private static bool Name(Exchange x, out string host, out int port)
    {
        var ok = MeshName.Split(Locate.Authority(x), 80, out var name, out port);
        host = ok ? Encoding.ASCII.GetString(name) : "";
        return ok;
    }

    private static bool IsOwnListener(MeshSnapshot snapshot, IPEndPoint endPoint)
    {
        foreach (var listener in snapshot.Listeners)
        {
            if (listener.Address.Port == endPoint.Port
                && (listener.Address.Address.Equals(endPoint.Address) || listener.Address.Address.Equals(IPAddress.Any)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsMeshEndpoint(MeshSnapshot snapshot, IPEndPoint endPoint)
    {
        foreach (var target in snapshot.AllTargets)
        {
            foreach (var cluster in target.Clusters)
            {
                foreach (var endpoint in cluster.Endpoints)
                {
                    if (endpoint.Address.Equals(endPoint))
                    {
                        return true;
                    }
                }
            }
        }

        return false;
    }

    private async ReactorTask<IPAddress?> Resolve(string host)
    {
        var now = worker.Loop.NowMs;
        if (_names.TryGetValue(host, out var entry) && entry.Until > now)
        {
            return entry.Address;
        }

        if (!_queries.TryGetValue(host, out var query))
        {
            if (_queries.Count >= MaxQueries)
            {
                return null;
            }

            query = NameQuery.Start(worker.Loop, host, Resolved);
            _queries.Add(host, query);
        }

        return await query.Done().Until(now + ResolveTimeoutMs) == Wait.Ready ? query.Addresses.FirstOrDefault() : null;
    }

    private void Resolved(NameQuery query)
    {
        _queries.Remove(query.Host);
        if (_names.Count >= MaxEntries)
        {
            _names.Clear();
        }

        var address = query.Addresses.FirstOrDefault();
        _names[query.Host] = new Entry(address, worker.Loop.NowMs + (address is null ? KeepFailureMs : KeepMs));
    }

    private EndpointState Endpoint(IPEndPoint endPoint)
    {
        if (_endpoints.TryGetValue(endPoint, out var state))
        {
            return state;
        }

        if (_endpoints.Count >= MaxEntries)
        {
            foreach (var old in _endpoints.Values)
            {
                old.IsLeaving = true;
                old.CloseIdle(long.MaxValue);
            }

            _endpoints.Clear();
        }

        state = new EndpointState(worker, new EndpointConfig { Slot = -1, Address = endPoint });
        _endpoints.Add(endPoint, state);
        return state;
    }

    private sealed record Entry(IPAddress? Address, long Until);
}

/// <summary>Addresses a proxy never passes to on a workload's behalf.</summary>
internal static class ExternalAddress
{
    /// <summary>False for loopback, unspecified, link-local (cloud metadata lives there), multicast and this host's own addresses.</summary>
    internal static bool IsAllowed(IPAddress received)
    {
        var address = received.IsIPv4MappedToIPv6 ? received.MapToIPv4() : received;
        if (IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
            || address.IsIPv6LinkLocal || address.IsIPv6Multicast)
        {
            return false;
        }

        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            Span<byte> bytes = stackalloc byte[4];
            address.TryWriteBytes(bytes, out _);
            if (bytes[0] is 0 or 127 or >= 224 || (bytes[0] == 169 && bytes[1] == 254))
            {
                return false;
            }
        }
        else if (address.Equals(AwsMetadata))
        {
            return false;
        }

        return !Own.Value.Contains(address);
    }

    // fd00:ec2::254 (instance metadata over IPv6) is a unique local address, not a link-local one.
    private static readonly IPAddress AwsMetadata = IPAddress.Parse("fd00:ec2::254");

    private static readonly Lazy<HashSet<IPAddress>> Own = new(OwnAddresses);

    private static HashSet<IPAddress> OwnAddresses()
    {
        var own = new HashSet<IPAddress>();
        foreach (var card in NetworkInterface.GetAllNetworkInterfaces())
        {
            foreach (var address in card.GetIPProperties().UnicastAddresses)
            {
                own.Add(address.Address);
            }
        }

        return own;
    }
}
