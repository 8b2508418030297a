using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Banyan.Cli.Commands;

/// <summary>All verbs, and the one way in which every one of them ends.</summary>
internal static class CommandLine
{
    /// <summary>Shows stack traces of unexpected errors, for those who mend the program.</summary>
    private const string DebugVariable = "BANYAN_DEBUG";

    /// <summary>Runs a command line to its exit code. Never throws.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        try
        {
            var result = Create().Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
            if (result.Action is ParseErrorAction or null)
            {
                return Refuse(result);
            }

            // Verbs that must end in order listen for signals themselves; the others may just end.
            return await result.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (UserException exception)
        {
            await Console.Error.WriteLineAsync($"banyan: {exception.Message}");
            return exception.ExitCode;
        }
        catch (Exception exception)
        {
            var isDebug = Environment.GetEnvironmentVariable(DebugVariable) is { Length: > 0 };
            await Console.Error.WriteLineAsync(
                isDebug ? $"banyan: {exception}" : $"banyan: {exception.Message} (unexpected; {DebugVariable}=1 shows where)");
            return ExitCodes.Failed;
        }
    }

    /// <summary>The whole command line.</summary>
    public static RootCommand Create()
    {
        var root = new RootCommand("Banyan: a service mesh that grows around a monolith")
        {
            DemoCommand.Create(),
            UpCommand.Create(),
            DownCommand.Create(),
            RestartCommand.Create(),
            StatusCommand.Create(),
            TopCommand.Create(),
            DependenciesCommand.Create(),
            EdgesCommand.Create(),
            GetCommand.Create(),
            ApplyCommand.Create(),
            DeleteCommand.Create(),
            DiffCommand.Create(),
            HistoryCommand.Create(),
            RollbackCommand.Create(),
            RegisterCommand.Create(),
            DeregisterCommand.Create(),
            MaintenanceCommand.Create(),
            TokenCommand.Create(),
            CertsCommand.Create(),
            IdentityCommand.Create(),
            AuthzCommand.Create(),
            ValidateCommand.Create(),
            CompileCommand.Create(),
            BootstrapCommand.Create(),
            ControlCommand.Create(),
            GuardCommand.Create(),
        };
        var help = root.Options.OfType<HelpOption>().First();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    private static int Refuse(ParseResult result)
    {
        var verb = result.CommandResult.Command;
        var place = verb is RootCommand ? "banyan" : $"banyan {verb.Name}";
        if (verb is RootCommand && result.Tokens.Count == 0)
        {
            result.RootCommandResult.Command.Parse("--help").Invoke();
            return ExitCodes.Usage;
        }

        // A verb that does not exist is reported twice: as such, and as no verb.
        var errors = result.Errors.Select(error => error.Message).Distinct(StringComparer.Ordinal).ToList();
        foreach (var error in verb is RootCommand ? errors.TakeLast(1) : errors)
        {
            Console.Error.WriteLine($"{place}: {error}");
        }

        Console.Error.WriteLine($"'{place} --help' shows how it is used");
        return ExitCodes.Usage;
    }
}
