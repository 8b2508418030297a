namespace Banyan.Bench.Discovery;

/// <summary>One figure of the discovery load.</summary>
/// <param name="Key">Which bound is for it.</param>
/// <param name="Metric">In words.</param>
/// <param name="Value">Its value.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Detail">What is to be known about it.</param>
internal sealed record DiscoveryFigure(FigureKey Key, string Metric, double Value, string Unit, string? Detail = null);

/// <summary>What a bound can be for.</summary>
internal enum FigureKey
{
    /// <summary>Nothing.</summary>
    Free,

    /// <summary>Connecting until all is there.</summary>
    Storm,

    /// <summary>Resident memory of the server for each proxy.</summary>
    Memory,

    /// <summary>A change until the last acknowledgement.</summary>
    Change,

    /// <summary>CPU for each change and proxy.</summary>
    Cpu,

    /// <summary>How old changes are when they are acknowledged.</summary>
    Staleness,

    /// <summary>Cores of the server.</summary>
    Cores,

    /// <summary>A change until it shows in live traffic.</summary>
    Live,
}
