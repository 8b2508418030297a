using System.CommandLine;
using Banyan.Cli.Client;
using Banyan.Cli.Up;
using Banyan.Model;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan maintenance SERVICE on|off</c>.</summary>
internal static class MaintenanceCommand
{
    public static Command Create()
    {
        var service = new Argument<string>("SERVICE") { Description = "The service" };
        var mode = new Argument<string>("MODE") { Description = "on: no new requests; off: as before", HelpName = "on|off" };
        mode.Validators.Add(result =>
        {
            if (result.Tokens[0].Value is not ("on" or "off"))
            {
                result.AddError($"'{result.Tokens[0].Value}' is not one of on, off");
            }
        });
        var version = new Option<string?>("--version") { Description = "Only this version", HelpName = "V" };
        var address = new Option<string?>("--address") { Description = "Only this endpoint", HelpName = "IP:PORT" };
        var ns = Shared.Namespace("Its namespace (default: default)");
        var reason = Shared.Reason();
        var state = Shared.State();
        var output = Shared.Output();
        var command = new Verb("maintenance", "Take registered endpoints out of rotation, or back")
        {
            Examples =
            [
                ("banyan maintenance ledger on --address 10.0.0.5:8080 --reason \"new disk\"", "requests in flight finish, new ones go elsewhere"),
                ("banyan maintenance ledger off", "all its endpoints are in rotation again"),
            ],
            ExitCodeMeanings = [(ExitCodes.Failed, "nothing is registered that it could mean"), Shared.UnreachableMeaning],
        };
        command.Add(service);
        command.Add(mode);
        command.Add(version);
        command.Add(address);
        command.Add(ns);
        command.Add(reason);
        command.Add(state);
        command.Add(output);
        command.SetAction(async (result, cancel) =>
        {
            var (name, place) = (result.GetRequiredValue(service), result.GetValue(ns) ?? ObjectMeta.DefaultNamespace);
            var isOn = result.GetRequiredValue(mode) == "on";
            using var control = new ControlClient(new StatePaths(result.GetValue(state)));
            var done = await control.MaintainAsync(
                place, name, result.GetValue(version), result.GetValue(address), isOn, result.GetValue(reason), cancel);
            if (result.IsJson(output))
            {
                Json.Write(done);
            }
            else
            {
                await Console.Out.WriteLineAsync($"{place}/{name}: {done.Endpoints} endpoints {(isOn ? "out of rotation" : "in rotation")}");
            }

            return ExitCodes.Success;
        });
        return command;
    }
}
