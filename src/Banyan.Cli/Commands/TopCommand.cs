using System.CommandLine;
using Banyan.Cli.Client;
using Banyan.Cli.Traffic;
using Banyan.Cli.Up;
using Spectre.Console;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan top</c>: live traffic by service and version.</summary>
internal static class TopCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var once = new Option<bool>("--once") { Description = "Print one table, of one second, and end" };
        var state = Shared.State();
        var output = Shared.Output();
        var command = new Verb("top", "Watch requests, success and latency of every service")
        {
            Examples =
            [
                ("banyan top", "a table that renews itself every second, until Ctrl-C"),
                ("banyan top --once --output json", "one reading for programs"),
            ],
            ExitCodeMeanings = [Shared.UnreachableMeaning],
        };
        command.Add(once);
        command.Add(state);
        command.Add(output);
        command.SetAction(async (result, _) =>
        {
            using var signals = new ShutdownSignals();
            using var control = new ControlClient(new StatePaths(result.GetValue(state)));
            var isLive = !result.GetValue(once) && !result.IsJson(output) && !Console.IsOutputRedirected;
            try
            {
                await (isLive ? LiveAsync(control, signals.Stop) : OnceAsync(control, result.IsJson(output), signals.Stop));
            }
            catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
            {
                // Ctrl-C is the usual end.
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static async Task OnceAsync(ControlClient control, bool isJson, CancellationToken stop)
    {
        var view = new TrafficView(start: null);
        view.Add(await control.TrafficAsync(stop));
        await Task.Delay(Interval, TimeProvider.System, stop);
        view.Add(await control.TrafficAsync(stop));
        var rows = view.Rows();
        if (isJson)
        {
            Json.Write(new { services = rows });
        }
        else
        {
            Tables.Print(TrafficTable.Build(rows));
        }
    }

    private static async Task LiveAsync(ControlClient control, CancellationToken stop)
    {
        var view = new TrafficView(start: null);
        view.Add(await control.TrafficAsync(stop));
        await Tables.Output.Live(TrafficTable.Build(view.Rows())).StartAsync(async live =>
        {
            while (!stop.IsCancellationRequested)
            {
                await Task.Delay(Interval, TimeProvider.System, stop);
                view.Add(await control.TrafficAsync(stop));
                live.UpdateTarget(TrafficTable.Build(view.Rows()));
            }
        });
    }
}
