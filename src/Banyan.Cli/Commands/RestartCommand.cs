using System.CommandLine;
using Banyan.Cli.Client;
using Banyan.Cli.Up;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan restart SERVICE</c>: replica by replica, losing no request where there are several.</summary>
internal static class RestartCommand
{
    public static Command Create()
    {
        var service = new Argument<string>("SERVICE")
        {
            Description = "A service (payments), one version of it (payments-v1) or a workload",
        };
        var ns = Shared.Namespace("Only in this namespace");
        var state = Shared.State();
        var output = Shared.Output();
        var command = new Verb("restart", "Restart the processes behind a service, replica by replica")
        {
            Examples =
            [
                ("banyan restart payments", "restarts every replica of every version, one after the other"),
                ("banyan restart payments-v1 -n shop", "restarts one version in one namespace"),
            ],
            ExitCodeMeanings =
            [
                (ExitCodes.Failed, "there is no such service, or a replica did not come back"),
                (ExitCodes.Unreachable, "nothing runs with this state directory"),
            ],
        };
        command.Add(service);
        command.Add(ns);
        command.Add(state);
        command.Add(output);
        command.SetAction(async (result, cancel) =>
        {
            using var supervisor = new SupervisorClient(new StatePaths(result.GetValue(state)));
            var nodes = await supervisor.RestartAsync(result.GetRequiredValue(service), result.GetValue(ns), cancel);
            if (result.IsJson(output))
            {
                Json.Write(new { restarted = nodes });
            }
            else
            {
                foreach (var node in nodes)
                {
                    await Console.Out.WriteLineAsync($"{node} restarted");
                }
            }

            return ExitCodes.Success;
        });
        return command;
    }
}
