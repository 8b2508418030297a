using System.CommandLine;
using Banyan.Cli.Client;
using Banyan.Cli.Up;
using Banyan.Model;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan deregister SERVICE --address IP:PORT</c>.</summary>
internal static class DeregisterCommand
{
    public static Command Create()
    {
        var service = new Argument<string>("SERVICE") { Description = "The service that the endpoint belongs to" };
        var address = RegistryOptions.Address();
        var ns = Shared.Namespace("Its namespace (default: default)");
        var reason = Shared.Reason();
        var state = Shared.State();
        var output = Shared.Output();
        var command = new Verb("deregister", "Take back a registration")
        {
            Examples = [("banyan deregister ledger --address 10.0.0.5:8080", "callers get it no more")],
            ExitCodeMeanings = [(ExitCodes.Failed, "it is not registered"), Shared.UnreachableMeaning],
        };
        command.Add(service);
        command.Add(address);
        command.Add(ns);
        command.Add(reason);
        command.Add(state);
        command.Add(output);
        command.SetAction(async (result, cancel) =>
        {
            var (name, place) = (result.GetRequiredValue(service), result.GetValue(ns) ?? ObjectMeta.DefaultNamespace);
            var target = result.GetRequiredValue(address);
            using var control = new ControlClient(new StatePaths(result.GetValue(state)));
            await control.DeregisterAsync(RegistryOptions.Place(place, name, target), result.GetValue(reason), cancel);
            if (result.IsJson(output))
            {
                Json.Write(new { @namespace = place, service = name, address = target, action = "deregistered" });
            }
            else
            {
                await Console.Out.WriteLineAsync($"{place}/{name} at {target} deregistered");
            }

            return ExitCodes.Success;
        });
        return command;
    }
}
