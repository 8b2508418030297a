using System.CommandLine;
using Banyan.Cli.Client;
using Banyan.Cli.Traffic;
using Banyan.Cli.Up;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan dependencies</c>: who called whom, as the sidecars reported it.</summary>
internal static class DependenciesCommand
{
    public static Command Create()
    {
        var service = new Argument<string?>("SERVICE")
        {
            Description = "Only what this service calls, and who calls it (SERVICE or SERVICE.NAMESPACE)",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var since = Shared.Since();
        var state = Shared.State();
        var output = Shared.Output();
        var command = new Verb("dependencies", "Show who called whom, from what the sidecars reported")
        {
            Examples =
            [
                ("banyan dependencies", "every pair of the last day: requests, failures, latency, when it was last seen"),
                ("banyan dependencies payments --since 1h", "the callers of a service, and what it calls"),
            ],
            ExitCodeMeanings = [Shared.UnreachableMeaning],
        };
        command.Add(service);
        command.Add(since);
        command.Add(state);
        command.Add(output);
        command.SetAction(async (result, cancel) =>
        {
            using var control = new ControlClient(new StatePaths(result.GetValue(state)));
            var edges = await control.EdgesAsync(result.GetValue(since), cancel);
            var rows = DependencyRow.Of(edges, result.GetValue(service));
            if (result.IsJson(output))
            {
                Json.Write(new { from = edges.From, to = edges.To, dependencies = rows });
            }
            else if (rows.Count == 0)
            {
                Console.WriteLine("nobody called anything in that time (sidecars report every 5 s)");
            }
            else
            {
                Tables.Print(DependencyRow.Table(rows, edges.To));
            }

            return ExitCodes.Success;
        });
        return command;
    }
}
