using System.CommandLine;
using Banyan.Cli.Client;
using Banyan.Cli.Up;
using Banyan.Control.Api;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan rollback REVISION [KIND/NAME]</c>.</summary>
internal static class RollbackCommand
{
    public static Command Create()
    {
        var revision = new Argument<long>("REVISION") { Description = "The revision to go back to (banyan history lists them)" };
        revision.Validators.Add(result =>
        {
            if (!long.TryParse(result.Tokens[0].Value, out var number) || number < 0)
            {
                result.AddError($"REVISION: '{result.Tokens[0].Value}' is not a number from 0");
            }
        });
        var target = ObjectTarget.Argument(isRequired: true, "Only this object");
        var ns = Shared.Namespace("Its namespace (default: default)");
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would change, and change nothing" };
        var force = Shared.Force();
        var reason = Shared.Reason();
        var state = Shared.State();
        var output = Shared.Output();
        var command = new Verb("rollback", "Make objects what they were at a revision")
        {
            Details = "What was applied is restored, as a new revision. What files own is left: the patch that would restore it is printed.",
            Examples =
            [
                ("banyan rollback 41 --reason \"payments fail\"", "everything that was applied is as it was at revision 41"),
                ("banyan rollback 41 HTTPRoute/payments -n shop", "one route"),
            ],
            ExitCodeMeanings = [(ExitCodes.Failed, "there is no such revision, or only files own what changed since, or callers would be cut off; nothing was changed"), Shared.UnreachableMeaning],
        };
        command.Add(revision);
        command.Add(target);
        command.Add(ns);
        command.Add(dryRun);
        command.Add(force);
        command.Add(reason);
        command.Add(state);
        command.Add(output);
        command.SetAction(async (result, cancel) =>
        {
            using var control = new ControlClient(new StatePaths(result.GetValue(state)));
            var document = await control.RollbackAsync(
                result.GetRequiredValue(revision),
                ObjectTarget.Parse(result.GetValue(target), result.GetValue(ns)),
                result.GetValue(dryRun),
                result.GetValue(force),
                result.GetValue(reason),
                cancel);
            if (result.IsJson(output))
            {
                Json.Write(document);
            }
            else
            {
                Print(document, result.GetValue(dryRun));
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static void Print(RollbackDocument document, bool isDryRun)
    {
        foreach (var change in document.Changed)
        {
            Console.Out.WriteLine($"{change.Kind} {change.Namespace}/{change.Name} {change.Action}{(isDryRun ? " (dry run)" : "")}");
        }

        if (document.Changed.Count == 0)
        {
            Console.Out.WriteLine("nothing to restore");
        }
        else if (!isDryRun)
        {
            Console.Out.WriteLine($"revision {document.Revision}");
        }

        foreach (var warning in document.Warnings ?? [])
        {
            Console.Error.WriteLine($"warning: {warning}");
        }

        foreach (var refused in document.Refused)
        {
            Console.Error.WriteLine($"left: {refused.Message}");
            Console.Error.Write(refused.Patch);
        }
    }
}
