using System.CommandLine;
using Banyan.Cli.Client;
using Banyan.Cli.Up;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan apply FILE</c>: gives objects to the control plane.</summary>
internal static class ApplyCommand
{
    public static Command Create()
    {
        var file = new Argument<string?>("FILE")
        {
            Description = "A file with objects (YAML or JSON), or - for standard input",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var take = new Option<bool>("--take") { Description = "Take over objects that a file or somebody else owns" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would change, and change nothing" };
        var force = Shared.Force();
        var removal = new Option<string?>("--accept-removal")
        {
            Description = "Confirm that a watched file was emptied or removed on purpose",
            HelpName = "PATH",
        };
        var ifRevision = new Option<long?>("--if-revision")
        {
            Description = "Refuse when one of the objects changed after this revision",
            HelpName = "N",
        };
        var reason = Shared.Reason();
        var state = Shared.State();
        var output = Shared.Output();
        var command = new Verb("apply", "Create or change objects")
        {
            Examples =
            [
                ("banyan apply route.yaml", "creates or changes the objects of a file"),
                ("banyan get HTTPRoute payments -o yaml | banyan apply - --take", "takes an object over from a file"),
                ("banyan apply --accept-removal mesh.yaml", "lets go of the objects of a removed file"),
            ],
            ExitCodeMeanings = [(ExitCodes.Failed, "the objects have mistakes, or belong to somebody else, or callers would be cut off; nothing was changed"), Shared.UnreachableMeaning],
        };
        command.Add(file);
        command.Add(take);
        command.Add(dryRun);
        command.Add(force);
        command.Add(removal);
        command.Add(ifRevision);
        command.Add(reason);
        command.Add(state);
        command.Add(output);
        command.Validators.Add(result =>
        {
            if (result.GetValue(file) is null && result.GetValue(removal) is null)
            {
                result.AddError("name a FILE to apply, - for standard input, or --accept-removal PATH");
            }
        });
        command.SetAction(async (result, cancel) =>
        {
            using var control = new ControlClient(new StatePaths(result.GetValue(state)));
            if (result.GetValue(removal) is { } removed)
            {
                await control.AcceptRemovalAsync(removed, cancel);
                await Console.Error.WriteLineAsync($"the removal of {removed} is accepted");
                if (result.GetValue(file) is null && result.IsJson(output))
                {
                    Json.Write(new { accepted = removed });
                }
            }

            if (result.GetValue(file) is { } path)
            {
                var (text, name) = await ObjectFile.ReadAsync(path, cancel);
                var order = new ApplyRequest(
                    result.GetValue(take), result.GetValue(dryRun), result.GetValue(ifRevision), result.GetValue(reason),
                    result.GetValue(force));
                var applied = await control.ApplyAsync(text, name, order, cancel);
                Print(applied, result.IsJson(output), result.GetValue(dryRun));
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static void Print(Control.Api.ApplyResult applied, bool isJson, bool isDryRun)
    {
        if (isJson)
        {
            Json.Write(applied);
            return;
        }

        foreach (var change in applied.Changed)
        {
            Console.Out.WriteLine($"{change.Kind} {change.Namespace}/{change.Name} {change.Action}{(isDryRun ? " (dry run)" : "")}");
        }

        foreach (var warning in applied.Warnings)
        {
            Console.Error.WriteLine($"warning: {warning}");
        }
    }
}
