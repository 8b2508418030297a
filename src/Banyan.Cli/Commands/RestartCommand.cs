using System.CommandLine;
using Banyan.Cli.Client;
using Banyan.Cli.Up;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan restart SERVICE</c>: replica by replica, losing no request.</summary>
internal static class RestartCommand
{
    public static Command Create()
    {
        var service = new Argument<string>("SERVICE")
        {
            Description = "A service: every process of its own, not one that merely takes it along; "
                + "or SERVICE/VERSION, or a workload: the process it runs in",
        };
        var ns = Shared.Namespace("Only in this namespace");
        var state = Shared.State();
        var output = Shared.Output();
        var command = new Verb("restart", "Restart the processes behind a service, replica by replica, losing no request")
        {
            Details =
                """
                A replica is withdrawn, finishes what it has, and is started anew. An only replica is replaced by another one
                that is ready first, unless a fixed port (targetPort, localPort) keeps two from running: then requests
                fail until it is back. A replica that does not come back ends the restart; the others go on as they are.
                """,
            Examples =
            [
                ("banyan restart payments", "restarts every replica of payments, not the shop whose process serves payments/monolith too"),
                ("banyan restart payments/v1 -n default", "restarts one version in one namespace"),
                ("banyan restart payments-monolith", "restarts the process in which that workload runs: the shop's"),
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
