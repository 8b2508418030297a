using System.Text.Json;
using Banyan.Control.Api;
using Spectre.Console;

namespace Banyan.Cli.Commands;

/// <summary>What <c>banyan get services --wide</c> prints.</summary>
internal static class ServiceTable
{
    /// <summary>Prints all services, or one.</summary>
    public static void Print(ServiceList list, string? name, string form)
    {
        var items = list.Items.Where(item => name is null || item.Service == name).ToList();
        switch (form)
        {
            case "json":
                Json.Write(new ServiceList(items));
                break;
            case "yaml":
                Console.Out.Write(JsonToYaml.Convert(JsonSerializer.SerializeToNode(new ServiceList(items), Json.Options)));
                break;
            default:
                Tables.Print(Table(items));
                break;
        }
    }

    /// <summary>What is declared and was called stands alone; else it says which of both it was.</summary>
    private static string Dependencies(ServiceEntry item) => string.Join(", ", item.Declared.Union(item.Seen, StringComparer.Ordinal)
        .Order(StringComparer.Ordinal)
        .Select(name => (item.Declared.Contains(name, StringComparer.Ordinal), item.Seen.Contains(name, StringComparer.Ordinal)) switch
        {
            (true, false) => $"{name} (declared)",
            (false, true) => $"{name} (seen)",
            _ => name,
        }));

    private static Table Table(List<ServiceEntry> items)
    {
        var table = Tables.Create("NAMESPACE", "SERVICE", "VERSION", "OWNER", "TIER", "ENDPOINTS", "FAILED", "DEPENDS ON", "FROM");
        foreach (var item in items)
        {
            table.AddRow(
                Markup.Escape(item.Namespace),
                Markup.Escape(item.Service),
                Markup.Escape(item.Version),
                Markup.Escape(item.Owner),
                Markup.Escape(item.Tier),
                $"{item.Healthy}/{item.Total}",
                item.Calls == 0 ? "" : $"{100.0 * item.Failed / item.Calls:0.##} %",
                Markup.Escape(Dependencies(item)),
                Markup.Escape(item.Source));
        }

        return table;
    }
}
