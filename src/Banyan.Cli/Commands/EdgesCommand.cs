using System.CommandLine;
using Banyan.Cli.Client;
using Banyan.Cli.Traffic;
using Banyan.Cli.Up;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan edges</c>: who calls whom, and how that is secured.</summary>
internal static class EdgesCommand
{
    public static Command Create()
    {
        var since = Shared.Since();
        var state = Shared.State();
        var output = Shared.Output();
        var command = new Verb("edges", "Show who calls whom, secured by what, from what the sidecars reported")
        {
            Examples =
            [
                ("banyan edges", "every pair of the last day: how many calls went by mutual TLS, and who was at both ends"),
                ("banyan edges --since 1h --output json", "the same of the last hour, as JSON"),
            ],
            ExitCodeMeanings = [Shared.UnreachableMeaning],
        };
        command.Add(since);
        command.Add(state);
        command.Add(output);
        command.SetAction(async (result, cancel) =>
        {
            using var control = new ControlClient(new StatePaths(result.GetValue(state)));
            var edges = await control.EdgesAsync(result.GetValue(since), cancel);
            var rows = SecuredEdge.Of(edges.Edges);
            if (result.IsJson(output))
            {
                Json.Write(new { from = edges.From, to = edges.To, edges = rows });
            }
            else if (rows.Count == 0)
            {
                Console.WriteLine("nobody called anything in that time (sidecars report every 5 s)");
            }
            else
            {
                Tables.Print(SecuredEdge.Table(rows));
            }

            return ExitCodes.Success;
        });
        return command;
    }
}
