using System.Diagnostics.CodeAnalysis;
using Banyan.Rules.Compilation;
using Banyan.Rules.Matching;
using Banyan.Xds;

namespace Banyan.Rules;

/// <summary>A RouteConfiguration compiled to flat arrays.</summary>
/// <remarks>Immutable and safe to share between threads; matching allocates nothing in steady state.</remarks>
public sealed class RouteTable
{
    private readonly DomainTable _domains;

    internal RouteTable(string[] clusters, CompiledRoute[] routes, DomainTable domains)
    {
        Clusters = clusters;
        Routes = routes;
        _domains = domains;
    }

    /// <summary>Every cluster name the routes refer to, each once.</summary>
    public string[] Clusters { get; }

    /// <summary>All routes of all virtual hosts, in order of the configuration.</summary>
    public CompiledRoute[] Routes { get; }

    /// <summary>Compiles, or says what is not supported and where (the text of a NACK).</summary>
    /// <param name="configuration">The resource as received; <see cref="Xds.Refusal.RefusedFields"/> are looked for in its wire form.</param>
    /// <param name="table">The compiled table.</param>
    /// <param name="error">Empty, or one <c>field.path: message</c> per problem found, separated by "; ".</param>
    public static bool TryCompile(RouteConfiguration configuration, [NotNullWhen(true)] out RouteTable? table, out string error)
    {
        var errors = new CompileErrors();
        var compiled = new ConfigurationCompiler(errors).Compile(configuration);
        error = errors.ToString();
        table = errors.Any ? null : compiled;
        return table is not null;
    }

    /// <summary>First route of the best virtual host that matches (xDS order: domains exact, suffix, prefix, *; then routes in order), or null.</summary>
    public CompiledRoute? Match(in RequestView request) => _domains.Find(request.Authority)?.Match(in request);

    /// <summary>The route of connections for a server: the first one of the virtual host that the name belongs to.</summary>
    /// <param name="name">As the client wrote it; empty when it named none, which only <c>*</c> takes.</param>
    /// <param name="match">Which kind of domain it was found under.</param>
    public CompiledRoute? MatchName(ReadOnlySpan<byte> name, out DomainMatch match) => _domains.Find(name, out match)?.First;
}
