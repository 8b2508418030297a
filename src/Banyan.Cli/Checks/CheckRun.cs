using Banyan.Cli.Up;
using Banyan.Model;
using Spectre.Console;

namespace Banyan.Cli.Checks;

/// <summary>Reads until every check holds, or the time is over. The last reading counts.</summary>
internal sealed class CheckRun(Supervisor supervisor, IReadOnlyList<Check> checks, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <param name="limit">How long to wait for what does not hold yet.</param>
    /// <param name="stop">Ends the waiting; what was read last still counts.</param>
    public async Task<IReadOnlyList<Verdict>> RunAsync(TimeSpan limit, CancellationToken stop)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            var left = limit - time.GetElapsedTime(start);
            var verdicts = await JudgeAsync();
            if (left <= TimeSpan.Zero || stop.IsCancellationRequested || verdicts.All(verdict => verdict.Ok))
            {
                return verdicts;
            }

            var pause = Task.Delay(left < Pause ? left : Pause, time, stop);
            await pause.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Prints what came out.</summary>
    /// <returns>The exit code.</returns>
    public static int Conclude(IReadOnlyList<Verdict> verdicts, bool isJson)
    {
        var failed = verdicts.Count(verdict => !verdict.Ok);
        if (isJson)
        {
            Json.Write(new { checks = verdicts, failed });
        }
        else
        {
            var table = Tables.Create("CHECK", "RESULT", "EVIDENCE");
            foreach (var verdict in verdicts)
            {
                table.AddRow(
                    Markup.Escape(verdict.Name),
                    verdict.Ok ? "[green]ok[/]" : "[red]failed[/]",
                    Markup.Escape(verdict.Evidence));
            }

            Tables.Print(table);
        }

        return failed == 0 ? ExitCodes.Success : ExitCodes.Failed;
    }

    private async Task<IReadOnlyList<Verdict>> JudgeAsync()
    {
        var counters = await Counters.ReadAsync(supervisor, checks, CancellationToken.None);
        return [.. checks.Select(check => Judge.Of(check, counter => counters.Of(check, counter)))];
    }
}
