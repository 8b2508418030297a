using Banyan.Control.Api;
using Spectre.Console;

namespace Banyan.Cli.Traffic;

/// <summary>Calls of one workload to one port of a service, and how they were secured.</summary>
/// <param name="Source">NAMESPACE/WORKLOAD of the caller.</param>
/// <param name="Destination">SERVICE.NAMESPACE:PORT.</param>
/// <param name="Requests">Requests, or connections, that somebody answered or took.</param>
/// <param name="Mtls">Share of them that went by mutual TLS, 0 to 1.</param>
/// <param name="SourceIdentity">SPIFFE ID of the caller; empty without mutual TLS.</param>
/// <param name="DestinationIdentities">SPIFFE IDs of those who were called; none without mutual TLS.</param>
internal sealed record SecuredEdge(
    string Source,
    string Destination,
    long Requests,
    double Mtls,
    string SourceIdentity,
    IReadOnlyList<string> DestinationIdentities)
{
    /// <summary>From what callers' sidecars saw of calls within the mesh.</summary>
    /// <param name="edges">What was reported.</param>
    /// <param name="before">What was reported before: it does not count.</param>
    public static List<SecuredEdge> Of(EdgesDocument edges, EdgesDocument? before = null) =>
    [
        .. Counted(edges)
            .Select(edge => (Edge: edge, Weight: edge.Count))
            .Concat(before is null ? [] : Counted(before).Select(edge => (Edge: edge, Weight: -edge.Count)))
            .GroupBy(each => (each.Edge.Reporter, Destination: Name(each.Edge)))
            .Select(group => (
                group.Key,
                Requests: group.Sum(each => each.Weight),
                Secured: group.Where(each => each.Edge.Mtls).Sum(each => each.Weight),
                Edges: group.Where(each => each.Edge.Mtls && each.Weight > 0).Select(each => each.Edge).ToList()))
            .Where(each => each.Requests > 0)
            .OrderBy(each => each.Key.Reporter, StringComparer.Ordinal)
            .ThenBy(each => each.Key.Destination, StringComparer.Ordinal)
            .Select(each => new SecuredEdge(
                each.Key.Reporter,
                each.Key.Destination,
                each.Requests,
                Math.Round((double)each.Secured / each.Requests, 4),
                each.Edges.Select(edge => edge.SourceIdentity).FirstOrDefault(name => name.Length > 0) ?? "",
                [
                    .. each.Edges.Select(edge => edge.DestinationIdentity).Where(name => name.Length > 0)
                        .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
                ])),
    ];

    /// <summary>The table of `banyan edges`.</summary>
    public static Table Table(IReadOnlyList<SecuredEdge> rows)
    {
        var table = Tables.Create("CALLER", "CALLS", "COUNT", "MTLS", "CALLER IS", "CALLED IS").AlignRight(2, 3);
        foreach (var row in rows)
        {
            table.AddRow(
                Markup.Escape(row.Source),
                Markup.Escape(row.Destination),
                $"{row.Requests}",
                row.Mtls >= 1 ? "100 %" : $"[yellow]{Math.Floor(row.Mtls * 1000) / 10:0.#} %[/]",
                Markup.Escape(row.SourceIdentity.Length > 0 ? row.SourceIdentity : "-"),
                Markup.Escape(row.DestinationIdentities.Count > 0 ? string.Join('\n', row.DestinationIdentities) : "-"));
        }

        return table;
    }

    /// <summary>What nobody answered was no hop.</summary>
    private static IEnumerable<ReportedEdge> Counted(EdgesDocument edges) =>
        edges.Edges.Where(edge => edge is { Direction: "client", Service.Length: > 0, Workload.Length: > 0 });

    private static string Name(ReportedEdge edge) => $"{edge.Service}.{edge.Namespace}:{edge.Port}";
}
