using System.CommandLine;
using Banyan.Cli.Client;
using Banyan.Cli.Up;
using Banyan.Control.Api;
using Spectre.Console;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan status</c>: the control plane, its sources, and what each proxy holds.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var state = Shared.State();
        var output = Shared.Output();
        var command = new Verb("status", "Show the control plane, its files and the proxies")
        {
            Examples =
            [
                ("banyan status", "shows sources, proxies, the versions they hold and their last refusal"),
                ("banyan status --output json", "the same for programs"),
            ],
            ExitCodeMeanings = [Shared.UnreachableMeaning],
        };
        command.Add(state);
        command.Add(output);
        command.SetAction(async (result, cancel) =>
        {
            var paths = new StatePaths(result.GetValue(state));
            using var control = new ControlClient(paths);
            var status = await control.StatusAsync(cancel);
            using var supervisor = new SupervisorClient(paths);
            var report = await supervisor.TryReportAsync(cancel);
            if (result.IsJson(output))
            {
                Json.Write(new { control = status, processes = report?.Processes });
            }
            else
            {
                Print(status, report);
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static void Print(StatusDocument status, MeshReport? report)
    {
        Console.Out.WriteLine(
            $"control plane {status.Version}: {(status.Ready ? "ready" : "starting")}, revision {status.Revision}, {status.Objects} objects");
        if (status.Store?.Problem is { } problem)
        {
            Console.Out.WriteLine($"not everything is stored: {problem}");
        }

        PrintSources(status);
        PrintProxies(status);
        if (report is not null)
        {
            PrintProcesses(report);
        }
    }

    private static void PrintSources(StatusDocument status)
    {
        var table = Tables.Create("SOURCE", "STATE", "OBJECTS");
        foreach (var source in status.Sources)
        {
            table.AddRow(Markup.Escape(source.Path), Markup.Escape(source.State), $"{source.Objects}");
        }

        Section(table);
        foreach (var problem in status.Sources.SelectMany(source => source.Problems))
        {
            Console.Out.WriteLine($"{problem.File}:{problem.Line}:{problem.Column}: {problem.Field}: {problem.Message}");
        }

        foreach (var held in status.Sources.SelectMany(source => source.Held))
        {
            Console.Out.WriteLine($"{held.Path}: {held.Objects} objects are held ({held.Reason}); "
                + $"'banyan apply --accept-removal {held.Path}' lets them go");
        }

        foreach (var warning in status.Warnings)
        {
            Console.Out.WriteLine($"warning: {warning}");
        }
    }

    private static void PrintProxies(StatusDocument status)
    {
        var table = Tables.Create("PROXY", "STATE", "LISTENERS", "ROUTES", "CLUSTERS", "ENDPOINTS", "LAST REFUSAL");
        foreach (var proxy in status.Proxies.OrderBy(proxy => proxy.Node, StringComparer.Ordinal))
        {
            table.AddRow(
                Markup.Escape(proxy.Node),
                State(proxy),
                Acked(proxy, "listener"),
                Acked(proxy, "route"),
                Acked(proxy, "cluster"),
                Acked(proxy, "endpoint"),
                Markup.Escape(proxy.LastNack is { } nack ? $"{nack.Type} {nack.Resource}: {nack.Message}" : "none"));
        }

        Section(table);
    }

    private static void PrintProcesses(MeshReport report)
    {
        var table = Tables.Create("PROCESS", "ROLE", "STATE", "PID", "RESTARTS", "TROUBLE");
        foreach (var process in report.Processes)
        {
            table.AddRow(
                Markup.Escape(process.Name),
                process.Role,
                process.State,
                process.Pid?.ToString() ?? "",
                $"{process.Restarts}",
                Markup.Escape(process.Trouble ?? ""));
        }

        Section(table);
    }

    private static void Section(Table table)
    {
        if (table.Rows.Count > 0)
        {
            Console.Out.WriteLine();
            Tables.Print(table);
        }
    }

    private static string State(ProxyStatus proxy) =>
        (proxy.Connected ? proxy.Synced ? "synced" : "behind" : "gone")
        + (proxy.Streams > 1 ? $", {proxy.Streams} streams" : "");

    private static string Acked(ProxyStatus proxy, string type) =>
        proxy.Acked.TryGetValue(type, out var acked) ? Markup.Escape($"{acked.Count} ({acked.Version})") : "0";
}
