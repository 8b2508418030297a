namespace Banyan.Proxy.Record;

/// <summary>The limits of the request metrics: each direction is a metric of its own. Thread-safe.</summary>
internal sealed class EdgeCatalog
{
    /// <summary>Label sets of each direction.</summary>
    public const int Limit = LabelLimit<EdgeKey>.Limit;

    private readonly LabelLimit<EdgeKey>[] _directions = [new(), new()];

    /// <inheritdoc cref="LabelLimit{TKey}.Admit"/>
    public bool Admit(in EdgeKey key) => _directions[(int)key.Direction].Admit(key);
}
