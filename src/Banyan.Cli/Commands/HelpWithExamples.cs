using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Banyan.Cli.Commands;

/// <summary>The usual help, with examples and exit codes below.</summary>
internal sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        usual.Invoke(parseResult);
        if (parseResult.CommandResult.Command is Verb verb)
        {
            Write(verb, parseResult.InvocationConfiguration.Output);
        }

        return ExitCodes.Success;
    }

    private static void Write(Verb verb, TextWriter output)
    {
        if (verb.Examples.Count > 0)
        {
            output.WriteLine("Examples:");
            foreach (var (line, meaning) in verb.Examples)
            {
                output.WriteLine($"  {line}");
                output.WriteLine($"      {meaning}");
            }

            output.WriteLine();
        }

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
