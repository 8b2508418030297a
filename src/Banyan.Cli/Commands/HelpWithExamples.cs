using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Banyan.Cli.Commands;

/// <summary>The usual help, with examples and exit codes below.</summary>
internal sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    /// <summary>What the help of the command line itself shows.</summary>
    private static readonly (string Line, string Meaning)[] FirstSteps =
    [
        ("banyan demo", "runs the example shop and shows its traffic move from the monolith to a service"),
        ("banyan up mesh.yaml", "runs your own; saved changes of the file take effect at once"),
        ("banyan up mesh.yaml --detach", "the same in the background; 'banyan status', 'banyan top' and 'banyan down' then talk to it"),
        ("banyan validate mesh.yaml", "says what is wrong with a file"),
        ("banyan restart --help", "every verb has examples of its own"),
    ];

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        usual.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is Verb verb)
        {
            if (verb.Details.Length > 0)
            {
                output.WriteLine(verb.Details);
                output.WriteLine();
            }

            WriteExamples(verb.Examples, output);
            WriteExitCodes(verb, output);
        }
        else
        {
            WriteExamples(FirstSteps, output);
        }

        return ExitCodes.Success;
    }

    private static void WriteExamples(IReadOnlyList<(string Line, string Meaning)> examples, TextWriter output)
    {
        if (examples.Count == 0)
        {
            return;
        }

        output.WriteLine("Examples:");
        foreach (var (line, meaning) in examples)
        {
            output.WriteLine($"  {line}");
            output.WriteLine($"      {meaning}");
        }

        output.WriteLine();
    }

    private static void WriteExitCodes(Verb verb, TextWriter output)
    {
        output.WriteLine("Exit codes:");
        IEnumerable<(int Code, string Meaning)> codes =
        [
            (ExitCodes.Success, "success"), .. verb.ExitCodeMeanings, (ExitCodes.Usage, "the command line is wrong"),
        ];
        foreach (var (code, meaning) in codes.OrderBy(entry => entry.Code))
        {
            output.WriteLine($"  {code}  {meaning}");
        }

        output.WriteLine();
    }
}
