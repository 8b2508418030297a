using System.Runtime.CompilerServices;

namespace Banyan.Proxy.Record;

/// <summary>One reactor's part of the metrics.</summary>
/// <remarks>The reactor is the only writer; the scraper reads without a lock. Nothing is allocated for a label set that was seen before.</remarks>
public sealed class MetricsShard
{
    private const int InitialTable = 64;

    private readonly EdgeCatalog _catalog;
    private readonly EdgeCell[] _others;

    // Open addressing, at most half full, touched by the writer alone. The scraper reads _cells, which only grows.
    private EdgeCell?[] _table = new EdgeCell?[InitialTable];
    private EdgeCell[] _cells;
    private int _cellCount;

    internal MetricsShard(EdgeCatalog catalog, LabelLimit<TcpKey> tcp, LabelLimit<int> undeclared, LabelLimit<int> serverNames)
    {
        _catalog = catalog;
        Tcp = new CellSet<TcpKey, TcpCell>(tcp, static key => key.Folded, static key => new TcpCell(key));
        UndeclaredPorts = new CellSet<int, UndeclaredPort>(undeclared, static _ => EdgeLabels.Other, static port => new UndeclaredPort(port));
        ServerNames = new CellSet<int, ServerNameCell>(serverNames, static _ => EdgeLabels.Other, static port => new ServerNameCell(port));
        _others = new EdgeCell[4];
        foreach (var direction in (ReadOnlySpan<EdgeDirection>)[EdgeDirection.Server, EdgeDirection.Client])
        {
            _others[OtherIndex(direction, default)] = new EdgeCell(EdgeKey.Other(direction));
            _others[OtherIndex(direction, HopPeer.Unproved)] = new EdgeCell(EdgeKey.Other(direction, HopPeer.Unproved));
        }

        _cells = [.. _others];
        _cellCount = _cells.Length;
    }

    /// <summary>Numbers by <see cref="Counter"/>. Only the reactor writes: <c>Counters[(int)Counter.Retries]++</c>.</summary>
    public long[] Counters { get; } = new long[Record.Counters.Count];

    /// <summary>TLS connections that failed, by <c>TlsRefusal</c>.</summary>
    internal long[] TlsRefusals { get; } = new long[Tls.TlsRefusals.Count];

    /// <summary>Requests whose token was not accepted, by its reason.</summary>
    internal long[] TokenRefusals { get; } = new long[Banyan.Rules.Tokens.TokenRefusals.Count];

    /// <summary>Connections that are relayed unread.</summary>
    internal CellSet<TcpKey, TcpCell> Tcp { get; }

    /// <summary>What was found where nothing is declared, by destination.</summary>
    internal CellSet<int, UndeclaredPort> UndeclaredPorts { get; }

    /// <summary>What was decided by server name, by destination.</summary>
    internal CellSet<int, ServerNameCell> ServerNames { get; }

    /// <summary>Bytes the reactor's thread has allocated so far. The reactor refreshes it now and then when the test-only admin verb is on.</summary>
    public long AllocatedBytes { get; set; }

    /// <summary>The cell of a label set, or the one shared by all sets beyond the limit.</summary>
    public EdgeCell Edge(in EdgeKey key)
    {
        var table = _table;
        var mask = table.Length - 1;
        for (var i = key.GetHashCode() & mask; ; i = (i + 1) & mask)
        {
            var cell = table[i];
            if (cell is null)
            {
                return Miss(key);
            }

            if (cell.Key.Equals(key))
            {
                return cell;
            }
        }
    }

    /// <summary>The cells as of now, for the scraper.</summary>
    internal ReadOnlySpan<EdgeCell> Cells()
    {
        // The count first: the array read after it holds at least that many.
        var count = Volatile.Read(ref _cellCount);
        return Volatile.Read(ref _cells).AsSpan(0, count);
    }

    private static int OtherIndex(EdgeDirection direction, HopPeer hop) => ((int)direction * 2) + (hop.IsSecured ? 1 : 0);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private EdgeCell Miss(in EdgeKey key)
    {
        if (!_catalog.Admit(key))
        {
            return _others[OtherIndex(key.Direction, key.Hop)];
        }

        var cell = new EdgeCell(key);
        if (_cellCount == _cells.Length)
        {
            var grown = new EdgeCell[_cells.Length * 2];
            _cells.CopyTo(grown, 0);
            Volatile.Write(ref _cells, grown);
        }

        _cells[_cellCount] = cell;
        Volatile.Write(ref _cellCount, _cellCount + 1);
        if (_cellCount * 2 > _table.Length)
        {
            var larger = new EdgeCell?[_table.Length * 2];
            foreach (var known in _table)
            {
                if (known is not null)
                {
                    Insert(larger, known);
                }
            }

            _table = larger;
        }

        Insert(_table, cell);
        return cell;
    }

    private static void Insert(EdgeCell?[] table, EdgeCell cell)
    {
        var mask = table.Length - 1;
        var i = cell.Key.GetHashCode() & mask;
        while (table[i] is not null)
        {
            i = (i + 1) & mask;
        }

        table[i] = cell;
    }
}

/// <summary>The metrics of the process: one shard for each reactor.</summary>
public sealed class MetricsShards
{
    /// <summary>Makes the shards.</summary>
    public MetricsShards(int reactors)
    {
        var catalog = new EdgeCatalog();
        var tcp = new LabelLimit<TcpKey>();
        var undeclared = new LabelLimit<int>();
        var serverNames = new LabelLimit<int>();
        Shards = new MetricsShard[reactors];
        for (var i = 0; i < reactors; i++)
        {
            Shards[i] = new MetricsShard(catalog, tcp, undeclared, serverNames);
        }
    }

    /// <summary>By reactor number.</summary>
    public MetricsShard[] Shards { get; }
}
