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
    public static List<SecuredEdge> Of(IEnumerable<ReportedEdge> edges) =>
    [
        .. Counted(edges)
            .GroupBy(edge => (edge.Reporter, Destination: Name(edge)))
            .Select(group => (
                group.Key,
                Requests: group.Sum(edge => edge.Count),
                Secured: group.Where(edge => edge.Mtls).Sum(edge => edge.Count),
                Edges: group.Where(edge => edge.Mtls && edge.Count > 0).ToList()))
            .Where(each => each.Requests > 0)
            .OrderBy(each => each.Key.Reporter, StringComparer.Ordinal)
            .ThenBy(each => each.Key.Destination, StringComparer.Ordinal)
            .Select(each => new SecuredEdge(
                each.Key.Reporter,
                each.Key.Destination,
                each.Requests,
                Share(each.Secured, each.Requests),
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

    /// <summary>Never 1 while anything went in plaintext, however little.</summary>
    private static double Share(long secured, long all) =>
        secured == all ? 1 : Math.Min(Math.Round((double)secured / all, 4), 0.9999);

    /// <summary>What nobody answered was no hop.</summary>
    private static IEnumerable<ReportedEdge> Counted(IEnumerable<ReportedEdge> edges) =>
        edges.Where(edge => edge is { Direction: "client", Service.Length: > 0, Workload.Length: > 0 });

    private static string Name(ReportedEdge edge) => $"{edge.Service}.{edge.Namespace}:{edge.Port}";
}
