using Spectre.Console;

namespace Banyan.Cli.Traffic;

/// <summary>The table of `demo` and `top`.</summary>
internal static class TrafficTable
{
    public static Table Build(IReadOnlyList<ServiceRow> rows)
    {
        var table = Tables
            .Create("SERVICE", "VERSION", "REQUESTS/S", "REQUESTS", "SUCCESS", "P50 MS", "P95 MS", "P99 MS", "SHARE")
            .AlignRight(2, 3, 4, 5, 6, 7, 8);
        foreach (var row in rows)
        {
            var colour = row.Failed > 0 ? "red" : "green";
            table.AddRow(
                Markup.Escape(row.Service),
                Markup.Escape(row.Version.Length > 0 ? row.Version : "-"),
                $"{row.Rate:0.0}",
                $"{row.Requests}",
                $"[{colour}]{Percent(row.Success, row.Failed)}[/]",
                $"{row.P50:0.00}",
                $"{row.P95:0.00}",
                $"{row.P99:0.00}",
                $"{row.Share * 100:0.0} %");
        }

        return table;
    }

    /// <summary>Never 100 % while anything failed.</summary>
    private static string Percent(double success, long failed) =>
        failed == 0 ? "100 %" : $"{Math.Min(success * 100, 99.99):0.00} %";
}
