using System.CommandLine;
using Banyan.Cli.Client;
using Banyan.Cli.Up;
using Banyan.Model;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan delete KIND NAME</c>.</summary>
internal static class DeleteCommand
{
    public static Command Create()
    {
        var kind = Kinds.Argument();
        var name = new Argument<string>("NAME") { Description = "The object's name" };
        var ns = Shared.Namespace("Its namespace (default: default)");
        var force = Shared.Force();
        var reason = Shared.Reason();
        var state = Shared.State();
        var output = Shared.Output();
        var command = new Verb("delete", "Delete an object that was applied")
        {
            Examples = [("banyan delete HTTPRoute payments -n shop", "deletes one route")],
            ExitCodeMeanings = [(ExitCodes.Failed, "there is no such object, or it belongs to a file, or callers would be cut off"), Shared.UnreachableMeaning],
        };
        command.Add(kind);
        command.Add(name);
        command.Add(ns);
        command.Add(force);
        command.Add(reason);
        command.Add(state);
        command.Add(output);
        command.SetAction(async (result, cancel) =>
        {
            var (chosen, target) = (KindInfo.Find(result.GetRequiredValue(kind))!, result.GetRequiredValue(name));
            var place = result.GetValue(ns) ?? ObjectMeta.DefaultNamespace;
            using var control = new ControlClient(new StatePaths(result.GetValue(state)));
            var deleted = await control.DeleteAsync(chosen.Kind, place, target, result.GetValue(reason), result.GetValue(force), cancel);
            if (result.IsJson(output))
            {
                Json.Write(new { kind = chosen.Kind, @namespace = place, name = target, action = "deleted", warnings = deleted.Warnings });
            }
            else
            {
                await Console.Out.WriteLineAsync($"{chosen.Kind} {place}/{target} deleted");
                foreach (var warning in deleted.Warnings)
                {
                    await Console.Error.WriteLineAsync($"warning: {warning}");
                }
            }

            return ExitCodes.Success;
        });
        return command;
    }
}
