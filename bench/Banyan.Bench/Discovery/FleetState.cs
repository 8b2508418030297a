using System.Net;
using System.Runtime.InteropServices;
using Banyan.Xds;
using Google.Protobuf.WellKnownTypes;

namespace Banyan.Bench.Discovery;

/// <summary>What all proxies of a fleet share. Used by the fleet's thread alone.</summary>
internal sealed class FleetState(ChangeLog log, Action<SimulatedProxy> synced)
{
    public byte[] Buffer { get; } = GC.AllocateArray<byte>(1 << 20, pinned: true);

    public byte[] Output { get; } = GC.AllocateArray<byte>(1 << 16, pinned: true);

    public ChangeLog Log => log;

    public KnownVersions Versions { get; } = new();

    /// <summary>Answers that were received.</summary>
    public long Pushes { get; set; }

    public void Synced(SimulatedProxy proxy) => synced(proxy);
}

/// <summary>Which changes a version of a resource contains; each version is read once, whoever gets it.</summary>
internal sealed class KnownVersions
{
    private static readonly int Prefix = "shared-".Length;

    private readonly Dictionary<(XdsKind Kind, int Service, UInt128 Version), (int Slot, int Number)[]> _known = [];

    /// <summary>The changes in it; null for a resource that does not change.</summary>
    public (int Slot, int Number)[]? Find(XdsKind kind, XdsEntry entry)
    {
        if (!entry.Name.StartsWith("shared-"u8) || entry.Name[Prefix + 1] != '.')
        {
            return null;
        }

        var service = entry.Name[Prefix] - '0';
        var key = (kind, service, MemoryMarshal.Read<UInt128>(entry.Version));
        if (!_known.TryGetValue(key, out var numbers))
        {
            var any = Any.Parser.ParseFrom(entry.Any);
            _known[key] = numbers = kind == XdsKind.Endpoint ? Movers(any) : Route(any);
        }

        return numbers;
    }

    // SimulatedMesh.MoverInstance: 10.SLOT.HIGH.LOW.
    private static (int Slot, int Number)[] Movers(Any any) =>
    [
        .. ClusterLoadAssignment.Parser.ParseFrom(any.Value).Endpoints
            .SelectMany(locality => locality.LbEndpoints)
            .Select(endpoint => IPAddress.Parse(endpoint.Endpoint.Address.SocketAddress.Address).GetAddressBytes())
            .Where(address => address[0] == 10)
            .Select(address => ((int)address[1], (address[2] << 8) | address[3])),
    ];

    // SimulatedMesh.ChangingRoute: default/shared-0/nNUMBER-RULE.
    private static (int Slot, int Number)[] Route(Any any)
    {
        var name = RouteConfiguration.Parser.ParseFrom(any.Value).VirtualHosts[0].Routes[0].Name;
        var rule = name[(name.LastIndexOf('/') + 1)..];
        return rule[0] == 'n' ? [(ChangeLog.Route, int.Parse(rule.AsSpan(1, rule.IndexOf('-') - 1)))] : [];
    }
}
