namespace Banyan.Proxy.Record;

/// <summary>One reactor's numbers of one metric, by label set.</summary>
/// <remarks>The reactor is the only one to call <see cref="Of"/>; anybody may read <see cref="All"/>. Looked up once a connection:
/// who counts more often keeps the cell.</remarks>
internal sealed class CellSet<TKey, TCell>(LabelLimit<TKey> limit, Func<TKey, TKey> fold, Func<TKey, TCell> create)
    where TKey : notnull
    where TCell : class
{
    private readonly Dictionary<TKey, TCell> _cells = [];
    private volatile TCell[] _all = [];

    /// <summary>The cells as of now.</summary>
    public ReadOnlySpan<TCell> All => _all;

    /// <summary>The cell of a label set, or the one that all sets beyond the limit share.</summary>
    public TCell Of(in TKey key)
    {
        if (_cells.TryGetValue(key, out var cell))
        {
            return cell;
        }

        var owner = limit.Admit(key) ? key : fold(key);
        if (!_cells.TryGetValue(owner, out cell))
        {
            cell = create(owner);
            _cells.Add(owner, cell);
            _all = [.. _all, cell];
        }

        return cell;
    }
}
