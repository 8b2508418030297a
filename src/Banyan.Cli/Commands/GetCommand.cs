using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Banyan.Cli.Client;
using Banyan.Cli.Up;
using Banyan.Model;
using Spectre.Console;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan get KIND [NAME]</c>.</summary>
internal static class GetCommand
{
    private static readonly JsonSerializerOptions Indented = new(Json.Options) { WriteIndented = true };

    public static Command Create()
    {
        var kind = Kinds.Argument();
        var name = new Argument<string?>("NAME")
        {
            Description = "Only the object of this name",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var ns = Shared.Namespace("Only this namespace (default: all; with NAME: default)");
        var wide = new Option<bool>("--wide")
        {
            Description = "Services with owner, version, tier and endpoints (healthy/total), whoever wrote them",
        };
        var state = Shared.State();
        var output = Shared.Choice("--output", "Form of the result on standard output", "table", "yaml", "json");
        output.Aliases.Add("-o");
        var command = new Verb("get", "Show objects and what became of them")
        {
            Examples =
            [
                ("banyan get workloads", "lists all workloads"),
                ("banyan get services --wide", "every service and version, who answers for it, and how much of it is there"),
                ("banyan get HTTPRoute payments -o yaml", "shows one route with its conditions"),
            ],
            ExitCodeMeanings = [(ExitCodes.Failed, "there is no object of this name"), Shared.UnreachableMeaning],
        };
        command.Add(kind);
        command.Add(name);
        command.Add(ns);
        command.Add(wide);
        command.Add(output);
        command.Add(state);
        command.Validators.Add(result =>
        {
            var named = result.GetResult(kind)?.Tokens is [var token, ..] ? KindInfo.Find(token.Value)?.Kind : null;
            if (result.GetValue(wide) && named is not null and not nameof(Service))
            {
                result.AddError("--wide is for services");
            }
        });
        command.SetAction(async (result, cancel) =>
        {
            var (chosen, target) = (KindInfo.Find(result.GetRequiredValue(kind))!, result.GetValue(name));
            var place = result.GetValue(ns) ?? (target is null ? null : ObjectMeta.DefaultNamespace);
            using var control = new ControlClient(new StatePaths(result.GetValue(state)));
            if (result.GetValue(wide))
            {
                ServiceTable.Print(await control.ServicesAsync(place, cancel), target, result.GetValue(output)!);
                return ExitCodes.Success;
            }

            var items = await control.ResourcesAsync(chosen.Kind, place, target, cancel);
            if (target is not null && items.Count == 0)
            {
                throw new UserException($"there is no {chosen.Kind} {place}/{target}");
            }

            Print(items, target is not null, result.GetValue(output)!);
            return ExitCodes.Success;
        });
        return command;
    }

    private static void Print(JsonArray items, bool isSingle, string form)
    {
        switch (form)
        {
            case "json":
                JsonNode document = isSingle ? items[0]! : new JsonObject { ["items"] = items.DeepClone() };
                Console.Out.WriteLine(document.ToJsonString(Indented));
                break;
            case "yaml":
                Console.Out.Write(string.Join("---\n", items.Select(JsonToYaml.Convert)));
                break;
            default:
                Tables.Print(Table(items));
                break;
        }
    }

    private static Table Table(JsonArray items)
    {
        var table = Tables.Create("NAMESPACE", "NAME", "OWNER", "ACCEPTED", "MESSAGE");
        foreach (var item in items.OfType<JsonObject>())
        {
            var (accepted, message) = Verdict(item);
            table.AddRow(
                Tables.Cell(item["metadata"]?["namespace"]),
                Tables.Cell(item["metadata"]?["name"]),
                Tables.Cell(item["owner"]),
                Markup.Escape(accepted),
                Markup.Escape(message));
        }

        return table;
    }

    /// <summary>False with the first message when any condition that ought to be true is not.</summary>
    private static (string Accepted, string Message) Verdict(JsonObject item)
    {
        var conditions = (item["status"]?["conditions"] as JsonArray ?? [])
            .Concat((item["status"]?["parents"] as JsonArray ?? []).SelectMany(parent => parent?["conditions"] as JsonArray ?? []))
            .OfType<JsonObject>()
            .ToList();
        if (conditions.Count == 0)
        {
            return ("", "");
        }

        var wrong = conditions.Find(condition => IsTrue(condition) == (condition["type"]?.ToString() is "Conflicted"));
        return wrong is null ? ("True", "") : ("False", wrong["message"]?.ToString() ?? "");
    }

    private static bool IsTrue(JsonObject condition) =>
        string.Equals((condition["status"] ?? condition["isTrue"])?.ToString(), "true", StringComparison.OrdinalIgnoreCase);
}
