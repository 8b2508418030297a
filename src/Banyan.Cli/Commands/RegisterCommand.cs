using System.CommandLine;
using Banyan.Cli.Client;
using Banyan.Cli.Up;
using Banyan.Control.Registry;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan register SERVICE --address IP:PORT</c>.</summary>
internal static class RegisterCommand
{
    public static Command Create()
    {
        var service = new Argument<string>("SERVICE") { Description = "The service that the endpoint belongs to" };
        var address = RegistryOptions.Address();
        var version = new Option<string?>("--version") { Description = "Its version", HelpName = "V" };
        var port = new Option<int?>("--port") { Description = "The port that callers name (default: the service's only port, else 80)", HelpName = "N" };
        var protocol = Shared.Choice("--protocol", "What is spoken there", "auto", "http", "http2", "grpc", "tcp", "tls");
        var owner = new Option<string?>("--owner") { Description = "Who answers for it", HelpName = "TEXT" };
        var tier = Shared.Choice("--tier", "How much depends on it", "standard", "critical", "batch");
        var ttl = new Option<TimeSpan?>("--ttl")
        {
            Description = "Forget it without a heartbeat for this time, 1s to 24h (default: never)",
            HelpName = "DURATION",
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;
                if (Duration.TryParse(text, out var duration))
                {
                    return duration;
                }

                result.AddError($"--ttl: '{text}' is not a duration; write for example 30s or 5m");
                return null;
            },
        };
        var http = new Option<string?>("--health-http") { Description = "Probe it: this path answers 2xx while it is healthy", HelpName = "PATH" };
        var tcp = new Option<bool>("--health-tcp") { Description = "Probe it: it accepts connections while it is healthy" };
        var grpc = new Option<string?>("--health-grpc") { Description = "Probe it: gRPC's health check of this service; \"\" means the whole server", HelpName = "SERVICE" };
        var keep = new Option<bool>("--keep") { Description = "Stay, send heartbeats, and deregister at the end (Ctrl-C); --ttl is then 30s by default" };
        var ns = Shared.Namespace("Its namespace (default: default)");
        var reason = Shared.Reason();
        var state = Shared.State();
        var output = Shared.Output();
        var command = new Verb("register", "Register an endpoint that Banyan does not run")
        {
            Details = "Running it again with the same words is a heartbeat.",
            Examples =
            [
                ("banyan register ledger --version v1 --address 10.0.0.5:8080 --owner team-billing --tier critical", "until it is deregistered"),
                ("banyan register ledger --version v1 --address 10.0.0.5:8080 --ttl 30s --keep", "as long as this program runs"),
                ("banyan register ledger --address 10.0.0.5:8080 --health-http /healthz", "out of rotation while its health check fails"),
            ],
            ExitCodeMeanings = [(ExitCodes.Failed, "what was said has mistakes; nothing was registered"), Shared.UnreachableMeaning],
        };
        command.Add(service);
        command.Add(address);
        command.Add(version);
        command.Add(port);
        command.Add(protocol);
        command.Add(owner);
        command.Add(tier);
        command.Add(ttl);
        command.Add(http);
        command.Add(tcp);
        command.Add(grpc);
        command.Add(keep);
        command.Add(ns);
        command.Add(reason);
        command.Add(state);
        command.Add(output);
        command.SetAction(async (result, _) =>
        {
            using var signals = new ShutdownSignals();
            var life = result.GetValue(ttl) ?? (result.GetValue(keep) ? TimeSpan.FromSeconds(30) : null);
            var request = new RegistrationRequest
            {
                Version = result.GetValue(version) ?? "",
                Port = result.GetValue(port),
                Protocol = result.GetValue(protocol)!,
                Owner = result.GetValue(owner) ?? "",
                Tier = result.GetResult(tier) is { Implicit: false } ? result.GetValue(tier)! : "",
                Ttl = life?.TotalSeconds,
                Health = result.GetValue(http) is null && !result.GetValue(tcp) && result.GetValue(grpc) is null ? null : new RegistrationHealth
                {
                    Http = result.GetValue(http) ?? "",
                    Tcp = result.GetValue(tcp),
                    Grpc = result.GetValue(grpc),
                },
            };
            using var control = new ControlClient(new StatePaths(result.GetValue(state)));
            var place = RegistryOptions.Place(result.GetValue(ns), result.GetRequiredValue(service), result.GetRequiredValue(address));
            var item = await control.RegisterAsync(place, request, result.GetValue(reason), signals.Stop);
            if (result.IsJson(output))
            {
                Json.Write(item);
            }
            else
            {
                await Console.Out.WriteLineAsync($"{item.Namespace}/{item.Service} {item.Version} port {item.Port} at {item.Address}{(item.Ttl > 0 ? $", for {item.Ttl:0.###} s" : "")}");
            }

            if (result.GetValue(keep))
            {
                await KeepAsync(control, place, request, signals.Stop);
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static async Task KeepAsync(
        ControlClient control, string place, RegistrationRequest request, CancellationToken stop)
    {
        // Three tries within the life.
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(request.Ttl!.Value / 3), TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                try
                {
                    // Also after a control plane that forgot it: registering again is a heartbeat.
                    await control.RegisterAsync(place, request, null, stop);
                }
                catch (UserException exception)
                {
                    await Console.Error.WriteLineAsync($"banyan: {exception.Message}");
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            await control.DeregisterAsync(place, "banyan register ended", limit.Token);
        }
    }
}
