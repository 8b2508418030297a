using Spectre.Console;

namespace Banyan.Cli.Up;

/// <summary>Says where everything listens and what to try.</summary>
internal static class Announcement
{
    /// <summary>Prints to standard output.</summary>
    public static void Write(MeshReport report, bool isJson)
    {
        if (isJson)
        {
            Json.Write(report);
            return;
        }

        Console.Out.WriteLine($"The mesh runs (pid {report.Pid}). API {report.Api}, state {report.State}");
        if (report.Services.Count > 0)
        {
            var table = Tables.Create("SERVICE", "REPLICA", "VERSION", "STATE", "WAY IN (SIDECAR)", "AROUND IT (ISOLATION: NONE)");
            foreach (var service in report.Services)
            {
                foreach (var endpoint in service.Endpoints)
                {
                    table.AddRow(
                        Markup.Escape($"{service.Service}.{service.Namespace}:{service.Port}"),
                        Markup.Escape(endpoint.Node),
                        Markup.Escape(endpoint.Version),
                        endpoint.State,
                        $"http://{endpoint.Inbound}",
                        $"http://{endpoint.App}");
                }
            }

            Console.Out.WriteLine();
            Tables.Print(table);
            Console.Out.WriteLine();
        }

        if (report.Processes.FirstOrDefault(process => process.Outbound is not null) is { } sidecar && report.Services.Count > 0)
        {
            Console.Out.WriteLine($"Call a service as {sidecar.Name.Split(' ')[0]} does, through its sidecar:");
            Console.Out.WriteLine($"  curl -x {sidecar.Outbound} {report.Services[0].Url}");
        }
    }
}
