namespace Banyan.Model.Text;

/// <summary>What one text may hold. A file within these is read in well under a second.</summary>
internal static class Limits
{
    /// <summary>Characters of a text: 20 times the 5,000 routes that a large mesh has.</summary>
    public const int TextLength = 32 * 1024 * 1024;

    /// <summary>Levels of nesting; HTTPRoute, the deepest kind, needs 10.</summary>
    public const int Depth = 64;

    /// <summary>Nodes that aliases of one text may stand for, so that a few lines cannot become billions.</summary>
    public const long AliasNodes = 100_000;

    /// <summary>Problems that are told of one text; the rest is counted.</summary>
    public const int Problems = 200;
}
