using System.CommandLine;
using Banyan.Cli.Client;
using Banyan.Cli.Up;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan down</c>: ends what <c>up</c> started.</summary>
internal static class DownCommand
{
    public static Command Create()
    {
        var state = Shared.State();
        var output = Shared.Output();
        var command = new Verb("down", "Stop what 'up' started")
        {
            Examples =
            [
                ("banyan down", "stops the mesh of ./.banyan"),
                ("banyan down --state /tmp/shop", "stops the mesh of another state directory"),
            ],
            ExitCodeMeanings = [(ExitCodes.Unreachable, "the directory never held a mesh")],
        };
        command.Add(state);
        command.Add(output);
        command.SetAction((result, cancel) => RunAsync(new StatePaths(result.GetValue(state)), result.IsJson(output), cancel));
        return command;
    }

    private static async Task<int> RunAsync(StatePaths state, bool isJson, CancellationToken cancel)
    {
        if (!Directory.Exists(state.Folder))
        {
            throw new UserException(
                $"{state.Folder} is no state directory: name the one that was given to 'up' with --state", ExitCodes.Unreachable);
        }

        using var supervisor = new SupervisorClient(state);
        var wasRunning = await supervisor.TryDownAsync(cancel);

        // The lock is free when the supervisor has ended, however it did; what it left is swept away then.
        StateLock? stateLock;
        while ((stateLock = StateLock.TryTake(state)) is null)
        {
            // A supervisor that only just starts has the lock before it can be asked.
            wasRunning |= await supervisor.TryDownAsync(cancel);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancel);
        }

        using (stateLock)
        {
            var left = await stateLock.SweepAsync(TimeProvider.System);
            Report(state, wasRunning, left, isJson);
        }

        return ExitCodes.Success;
    }

    private static void Report(StatePaths state, bool wasRunning, int left, bool isJson)
    {
        if (isJson)
        {
            Json.Write(new { stopped = wasRunning, swept = left });
            return;
        }

        Console.Out.WriteLine(
            wasRunning ? "stopped"
            : left > 0 ? $"the supervisor was gone already; ended {left} processes that it had left"
            : $"nothing runs with the state directory {state.Folder}");
    }
}
