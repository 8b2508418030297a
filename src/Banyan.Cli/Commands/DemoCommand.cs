using System.CommandLine;
using Banyan.Cli.Client;
using Banyan.Cli.Traffic;
using Banyan.Cli.Up;
using Spectre.Console;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan demo</c>: a small shop moves from a monolith to a service, before your eyes.</summary>
internal static class DemoCommand
{
    private const string HomeVariable = "BANYAN_HOME";
    private const string Example = "examples/shop/mesh.yaml";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>For the last reading, once the time is up.</summary>
    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(2);

    public static Command Create()
    {
        var state = Shared.State();
        var duration = Shared.For();
        var mtls = UpCommand.Mtls();
        var output = Shared.Output();
        var command = new Verb("demo", "Run the example shop with steady load and show its traffic live")
        {
            Examples =
            [
                ("banyan demo", $"runs until Ctrl-C; edit the weights in {Example} and watch the shares move"),
                ("banyan demo --for 20s --output json", "runs for 20 seconds and prints what was seen as one JSON object"),
            ],
            ExitCodeMeanings = [(ExitCodes.Failed, "a request failed, or the shop could not be started")],
        };
        command.Add(state);
        command.Add(duration);
        command.Add(mtls);
        command.Add(output);
        command.SetAction((result, _) => RunAsync(
            new StatePaths(result.GetValue(state)),
            result.GetValue(duration),
            result.GetValue(mtls) == UpCommand.MtlsOn,
            result.IsJson(output)));
        return command;
    }

    private static async Task<int> RunAsync(StatePaths state, TimeSpan? duration, bool mtls, bool isJson)
    {
        var mesh = Path.Combine(FindHome(), Example);
        var isLive = !isJson && !Console.IsOutputRedirected;
        state.Create();
        var run = new UpRun
        {
            State = state,
            Paths = [Path.GetRelativePath(Environment.CurrentDirectory, mesh)],
            For = duration,
            Mtls = mtls,

            // A live table and log lines on one terminal would write over each other.
            LogFile = isLive && !Console.IsErrorRedirected ? state.Log : null,
            Announces = !isJson,
            WhileReady = (_, stop) => WatchAsync(state, duration, isJson, isLive, stop),
        };
        await Console.Error.WriteLineAsync($"starting the shop of {run.Paths[0]} ...");
        return await run.RunAsync();
    }

    private static async Task<int> WatchAsync(
        StatePaths state, TimeSpan? duration, bool isJson, bool isLive, CancellationToken stop)
    {
        using var control = new ControlClient(state);

        // What failed while half of it was still starting says nothing about the mesh: counting begins here.
        var view = new TrafficView(await control.TrafficAsync(stop));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        if (duration is { } limit)
        {
            end.CancelAfter(limit);
        }

        if (isLive)
        {
            await Console.Out.WriteLineAsync($"Edit the weights in {Example} and save: the shares follow. Ctrl-C ends.");
            await Console.Out.WriteLineAsync();
            await Tables.Output.Live(TrafficTable.Build([])).StartAsync(
                live => PollAsync(control, view, rows => live.UpdateTarget(TrafficTable.Build(rows)), end.Token));
        }
        else
        {
            await PollAsync(control, view, _ => { }, end.Token);
        }

        return await ConcludeAsync(control, view, isJson, isLive);
    }

    private static async Task PollAsync(
        ControlClient control, TrafficView view, Action<IReadOnlyList<ServiceRow>> show, CancellationToken end)
    {
        try
        {
            while (!end.IsCancellationRequested)
            {
                await Task.Delay(Interval, TimeProvider.System, end);
                if (await TryReadAsync(() => control.TrafficAsync(end)) is { } reading)
                {
                    view.Add(reading);
                    show(view.Rows());
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The time is up, or Ctrl-C.
        }
    }

    private static async Task<int> ConcludeAsync(ControlClient control, TrafficView view, bool isJson, bool isLive)
    {
        using var patience = new CancellationTokenSource(LastPatience);
        try
        {
            if (await TryReadAsync(() => control.TrafficAsync(patience.Token)) is { } reading)
            {
                view.Add(reading);
            }
        }
        catch (OperationCanceledException)
        {
            // The reading before has to do.
        }

        var rows = view.Rows();
        var failed = rows.Sum(row => row.Failed);
        if (isJson)
        {
            Json.Write(new { services = rows, edges = view.Edges(), failed });
        }
        else if (!isLive)
        {
            Tables.Print(TrafficTable.Build(rows));
        }

        if (rows.Count == 0)
        {
            await Console.Error.WriteLineAsync("banyan demo: no request was seen");
        }

        return failed == 0 && rows.Count > 0 ? ExitCodes.Success : ExitCodes.Failed;
    }

    /// <summary>A reading, or nothing while the control plane is being restarted: the demo goes on without it, like the mesh.</summary>
    private static async Task<T?> TryReadAsync<T>(Func<Task<T>> read)
        where T : class
    {
        try
        {
            return await read();
        }
        catch (UserException)
        {
            return null;
        }
    }

    private static string FindHome()
    {
        if (Environment.GetEnvironmentVariable(HomeVariable) is { Length: > 0 } home)
        {
            return File.Exists(Path.Combine(home, Example))
                ? home
                : throw new UserException($"{HomeVariable} names {home}, which holds no {Example}");
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, Example)))
            {
                return folder.FullName;
            }
        }

        throw new UserException($"{Example} not found: run ./banyan demo in a clone of the repository, or set {HomeVariable} to one");
    }
}
