using Banyan.Xds;

namespace Banyan.Rules;

/// <summary>A RouteConfiguration compiled to flat arrays. Immutable; matching allocates nothing.</summary>
public sealed class RouteTable
{
    /// <summary>Every cluster name the routes refer to, each once.</summary>
    public required string[] Clusters { get; init; }

    public required CompiledRoute[] Routes { get; init; }

    /// <summary>Compiles, or says what is not supported and where (the text of a NACK).</summary>
    public static bool TryCompile(RouteConfiguration configuration, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out RouteTable? table, out string error) =>
        throw new NotSupportedException();

    /// <summary>First route of the best virtual host that matches (xDS order: domains exact, suffix, prefix, *; then routes in order), or null.</summary>
    public CompiledRoute? Match(in RequestView request) => throw new NotSupportedException();
}
