using System.CommandLine;
using Banyan.Cli.Up;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan validate PATH...</c>: says what is wrong with files, without a control plane.</summary>
internal static class ValidateCommand
{
    public static Command Create()
    {
        var paths = Shared.Paths();
        var output = Shared.Output();
        var command = new Verb("validate", "Check configuration files")
        {
            Examples =
            [
                ("banyan validate examples/shop/mesh.yaml", "checks one file"),
                ("banyan validate mesh/ --output json", "checks a folder and prints the mistakes as JSON"),
            ],
            ExitCodeMeanings = [(ExitCodes.Failed, "there are mistakes; each is printed as FILE:LINE:COLUMN: field.path: message")],
        };
        command.Add(paths);
        command.Add(output);
        command.SetAction(result => Run(result.GetRequiredValue(paths), result.IsJson(output)));
        return command;
    }

    private static int Run(IReadOnlyList<string> paths, bool isJson)
    {
        var set = ConfigFiles.Read(paths);
        var skipped = set.Skipped.Sum(kind => kind.Count);
        if (isJson)
        {
            Json.Write(new { files = set.Files.Count, objects = set.Objects.Count, skipped, problems = set.Problems });
        }
        else
        {
            foreach (var problem in set.Problems)
            {
                Console.Out.WriteLine(problem);
            }

            if (set.Problems.Count == 0)
            {
                var note = skipped > 0 ? $", {skipped} of kinds that are not read" : "";
                Console.Out.WriteLine($"{set.Objects.Count} objects in {set.Files.Count} files are valid{note}");
            }
        }

        return set.Problems.Count == 0 ? ExitCodes.Success : ExitCodes.Failed;
    }
}
