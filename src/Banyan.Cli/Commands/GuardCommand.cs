using System.CommandLine;
using System.Runtime.InteropServices;
using Banyan.Cli.Up.Processes;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan guard</c>: the hidden process that ends everything when its supervisor is killed.</summary>
internal static class GuardCommand
{
    public static Command Create()
    {
        var marker = new Argument<string>("MARKER");
        var command = new Verb(Guard.Verb, "Ends the processes of a supervisor that was killed") { marker };
        command.Hidden = true;
        command.SetAction(async (result, _) =>
        {
            // Whatever ends the supervisor must not end its guard first.
            var deaf = new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT }
                .Select(signal => PosixSignalRegistration.Create(signal, context => context.Cancel = true))
                .ToArray();
            try
            {
                await using var input = Console.OpenStandardInput();
                return await Guard.WatchAsync(input, result.GetRequiredValue(marker), TimeProvider.System);
            }
            finally
            {
                Array.ForEach(deaf, registration => registration.Dispose());
            }
        });
        return command;
    }
}
