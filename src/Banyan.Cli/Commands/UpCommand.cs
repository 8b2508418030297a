using System.CommandLine;
using Banyan.Cli.Up;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan up PATH...</c>: the whole mesh on this machine.</summary>
internal static class UpCommand
{
    /// <summary>Hidden: where the background half of --detach writes its log.</summary>
    public const string LogOption = "--log";

    /// <summary>Whether sidecars have identities.</summary>
    public const string MtlsOption = "--mtls";

    /// <summary>Its value where they have.</summary>
    public const string MtlsOn = "on";

    /// <summary>Whether sidecars have identities: they do unless told otherwise.</summary>
    public static Option<string> Mtls() =>
        Shared.Choice(MtlsOption, "Whether sidecars get identities and call each other by mutual TLS", MtlsOn, "off");

    public static Command Create()
    {
        var paths = Shared.Paths();
        var state = Shared.State();
        var duration = Shared.For();
        var detach = new Option<bool>("--detach") { Description = "Go on in the background once everything is ready" };
        var mtls = Mtls();
        var verbose = new Option<bool>("--verbose") { Description = "Show everything that control plane and sidecars log" };
        var log = new Option<string?>(LogOption) { Hidden = true };
        var output = Shared.Output();
        var command = new Verb("up", "Run the control plane, and every workload with its sidecar, on this machine")
        {
            Examples =
            [
                ("banyan up mesh.yaml", "runs until Ctrl-C; saved changes of the file take effect at once"),
                ("banyan up mesh/ --detach", "goes on in the background; 'banyan down' stops it"),
                ("banyan up mesh.yaml --for 20s --output json", "runs for 20 seconds and prints where everything listens as JSON"),
                ("banyan up mesh/ --for 15s --output json",
                    "where the files hold Checks: ends as soon as all hold, after 15 seconds at most, and prints their results"),
            ],
            ExitCodeMeanings =
                [(ExitCodes.Failed, "the files have mistakes, something did not become ready in time, or a Check failed")],
            Details =
                """
                Objects of the kind Check say what counters of sidecars and applications must come to. With --for they are
                judged: {"checks":[{"name","ok","evidence"}],"failed":N} is the result. docs/guide/checks.md describes them.
                """,
        };
        command.Add(paths);
        command.Add(state);
        command.Add(duration);
        command.Add(detach);
        command.Add(mtls);
        command.Add(verbose);
        command.Add(log);
        command.Add(output);
        command.Validators.Add(result =>
        {
            if (result.GetValue(detach) && result.GetResult(duration)?.Tokens.Count > 0)
            {
                result.AddError("--detach and --for exclude each other");
            }
        });
        command.SetAction((result, _) =>
        {
            var run = new UpRun
            {
                State = new StatePaths(result.GetValue(state)),
                Paths = result.GetRequiredValue(paths),
                For = result.GetValue(duration),
                Mtls = result.GetValue(mtls) == MtlsOn,
                Verbose = result.GetValue(verbose),
                LogFile = result.GetValue(log),
                IsJson = result.IsJson(output),
            };
            return result.GetValue(detach) ? DetachedRun.StartAsync(run) : run.RunAsync();
        });
        return command;
    }
}
