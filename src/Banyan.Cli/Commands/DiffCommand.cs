using System.CommandLine;
using Banyan.Cli.Client;
using Banyan.Cli.Up;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan diff FILE</c>: what applying a file would change.</summary>
internal static class DiffCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A file with objects (YAML or JSON), or - for standard input" };
        var state = Shared.State();
        var output = Shared.Output();
        var command = new Verb("diff", "Show how a file differs from what is live")
        {
            Examples = [("banyan diff route.yaml", "prints the difference in the format of patch; nothing is changed")],
            ExitCodeMeanings = [(ExitCodes.Failed, "something differs, or the file has mistakes"), Shared.UnreachableMeaning],
        };
        command.Add(file);
        command.Add(state);
        command.Add(output);
        command.SetAction(async (result, cancel) =>
        {
            var path = result.GetRequiredValue(file);
            using var control = new ControlClient(new StatePaths(result.GetValue(state)));
            var (text, name) = await ObjectFile.ReadAsync(path, cancel);
            var document = await control.DiffAsync(text, name, cancel);
            var isSame = document.Objects.All(item => item.Action == "unchanged");
            if (result.IsJson(output))
            {
                Json.Write(document);
            }
            else
            {
                foreach (var item in document.Objects.Where(item => item.Action != "unchanged"))
                {
                    Console.Out.Write(item.Diff.Length > 0
                        ? item.Diff
                        : $"# {item.Kind} {item.Namespace}/{item.Name}: a value that is not shown differs\n");
                }
            }

            return isSame ? ExitCodes.Success : ExitCodes.Failed;
        });
        return command;
    }
}
