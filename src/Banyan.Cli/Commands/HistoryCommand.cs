using System.CommandLine;
using Banyan.Cli.Client;
using Banyan.Cli.Up;
using Banyan.Control.Api;
using Spectre.Console;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan history [KIND[/NAME]]</c>: who changed what, when and why.</summary>
internal static class HistoryCommand
{
    public static Command Create()
    {
        var target = ObjectTarget.Argument(isRequired: false, "Only changes of this kind, or of this object");
        var ns = Shared.Namespace("Only this namespace (default: all; with NAME: default)");
        var limit = new Option<int>("--limit")
        {
            Description = "At most so many revisions, 1 to 500", HelpName = "N", DefaultValueFactory = _ => 20,
        };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !(int.TryParse(result.Tokens[0].Value, out var number) && number is >= 1 and <= 500))
            {
                result.AddError($"--limit: '{result.Tokens[0].Value}' is not a number from 1 to 500");
            }
        });
        var diff = new Option<bool>("--diff") { Description = "Show what changed, line by line" };
        var audit = new Option<bool>("--audit")
        {
            Description = "Every write instead, also of registrations, tokens and processes",
        };
        var state = Shared.State();
        var output = Shared.Output();
        var command = new Verb("history", "Show who changed what, when and why")
        {
            Examples =
            [
                ("banyan history", "the last changes, the newest first"),
                ("banyan history HTTPRoute/payments -n shop --diff", "what became of one route"),
            ],
            Details = "Kept are the last 10,000 revisions, at most 90 days.",
            ExitCodeMeanings = [Shared.UnreachableMeaning],
        };
        command.Add(target);
        command.Add(ns);
        command.Add(limit);
        command.Add(diff);
        command.Add(audit);
        command.Add(state);
        command.Add(output);
        command.SetAction(async (result, cancel) =>
        {
            using var control = new ControlClient(new StatePaths(result.GetValue(state)));
            if (result.GetValue(audit))
            {
                Print(await control.AuditAsync(result.GetValue(limit), cancel), result.IsJson(output));
                return ExitCodes.Success;
            }

            var document = await control.HistoryAsync(
                ObjectTarget.Parse(result.GetValue(target), result.GetValue(ns)), result.GetValue(limit), cancel);
            if (result.IsJson(output))
            {
                Json.Write(document);
            }
            else if (result.GetValue(diff))
            {
                PrintDiffs(document);
            }
            else
            {
                Tables.Print(Table(document));
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static void Print(AuditDocument document, bool isJson)
    {
        if (isJson)
        {
            Json.Write(document);
            return;
        }

        var table = Tables.Create("AT", "BY", "VIA", "DID", "WHAT", "REASON");
        foreach (var entry in document.Items)
        {
            table.AddRow(
                $"{entry.At.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z",
                Markup.Escape(entry.By),
                entry.Via,
                Markup.Escape(entry.Verb),
                Markup.Escape(entry.Revision > 0 ? $"revision {entry.Revision} {entry.Target}".TrimEnd() : entry.Target),
                Markup.Escape(entry.Reason));
        }

        Tables.Print(table);
    }

    private static Table Table(HistoryDocument document)
    {
        var table = Tables.Create("REVISION", "AT", "BY", "DID", "OBJECTS", "REASON");
        foreach (var entry in document.Items)
        {
            table.AddRow(
                $"{entry.Revision}",
                $"{entry.At.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z",
                Markup.Escape(entry.By),
                Markup.Escape(entry.Verb),
                Markup.Escape(Objects(entry)),
                Markup.Escape(entry.Reason));
        }

        return table;
    }

    private static void PrintDiffs(HistoryDocument document)
    {
        foreach (var entry in document.Items)
        {
            var reason = entry.Reason.Length > 0 ? $": {entry.Reason}" : "";
            Console.Out.WriteLine($"# revision {entry.Revision}, {entry.At.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z, {entry.Verb} by {entry.By}{reason}");
            foreach (var change in entry.Changes)
            {
                Console.Out.WriteLine($"# {change.Kind} {change.Namespace}/{change.Name} {change.Action}");
                Console.Out.Write(change.Diff);
            }
        }
    }

    private static string Objects(HistoryEntry entry)
    {
        const int Shown = 3;
        var names = entry.Changes.Take(Shown).Select(change => $"{change.Kind} {change.Namespace}/{change.Name} {change.Action}");
        var more = entry.Changes.Count > Shown ? $", {entry.Changes.Count - Shown} more" : "";
        return string.Join(", ", names) + more;
    }
}
