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
                var scheme = service.Url[..(service.Url.IndexOf("://", StringComparison.Ordinal) is >= 0 and var end ? end + 3 : 0)];
                foreach (var endpoint in service.Endpoints)
                {
                    table.AddRow(
                        Markup.Escape($"{service.Service}.{service.Namespace}:{service.Port}"),
                        Markup.Escape(endpoint.Node),
                        Markup.Escape(endpoint.Version),
                        endpoint.State,
                        $"{scheme}{endpoint.Inbound}",
                        $"{scheme}{endpoint.App}");
                }
            }

            Console.Out.WriteLine();
            Tables.Print(table);
            Console.Out.WriteLine();
        }

        // curl takes what has no scheme for HTTP, which is the best guess for a port that declares nothing.
        var callable = report.Services.OrderBy(service => service.Url.StartsWith("http:", StringComparison.Ordinal) ? 0 : 1)
            .FirstOrDefault(service => service.Url.StartsWith("http:", StringComparison.Ordinal) || !service.Url.Contains("://"));
        if (callable is not null && report.Processes.FirstOrDefault(process => process.Outbound is not null) is { } sidecar)
        {
            Console.Out.WriteLine($"Call a service as {sidecar.Name.Split(' ')[0]} does, through its sidecar:");
            Console.Out.WriteLine($"  curl -x {sidecar.Outbound} {callable.Url}");
        }
    }
}
