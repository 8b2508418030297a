using System.CommandLine;
using Banyan.Cli.Up;
using Banyan.Control;
using Microsoft.Extensions.Logging;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan control</c>: runs the control plane in this process.</summary>
internal static class ControlCommand
{
    /// <summary>The store's address where it should not stand in the list of processes: it may hold a password.</summary>
    private const string StoreVariable = "BANYAN_STORE";

    private const string DefaultXds = "127.0.0.1:14010";
    private const string DefaultApi = "127.0.0.1:14080";

    public static Command Create()
    {
        var state = Shared.State();
        var output = Shared.Output();
        var files = new Option<string[]>("--files")
        {
            Description = "A configuration file or folder to read and to watch; may be given several times",
            HelpName = "PATH",
            DefaultValueFactory = _ => [],
        };
        var xds = Shared.Address("--xds", "Where proxies ask for their configuration (gRPC)", DefaultXds);
        var xdsTls = Shared.OptionalAddress("--xds-tls", "Where proxies ask over TLS, known by their certificates (default: nowhere)", "0.0.0.0:14011");
        var api = Shared.Address("--api", "Where the API listens", DefaultApi);
        var socket = new Option<string?>("--socket")
        {
            Description = "Unix socket of the API (default: control.sock in the state directory)",
            HelpName = "PATH",
        };
        var store = new Option<string?>("--store")
        {
            Description = $"A PostgreSQL database that several control planes share (default: {StoreVariable}, else a database in the state directory)",
            HelpName = "postgres://USER:PASSWORD@HOST:PORT/DATABASE",
        };
        var command = new Verb("control", "Run the control plane")
        {
            Examples =
            [
                ("banyan control --state /var/lib/banyan --files /etc/banyan", "serves the configuration of a folder"),
                ("banyan control --state /var/lib/banyan --store postgres://banyan@db.internal/banyan", "one of several control planes on one database"),
                ("banyan control --files mesh.yaml --xds 127.0.0.1:15010", "serves one file on another port"),
                ("banyan control --files mesh.yaml --xds-tls 0.0.0.0:14011", "serves sidecars of other machines, by their certificates"),
            ],
            ExitCodeMeanings = [(ExitCodes.Failed, "it could not start, for example because an address is in use")],
        };
        command.Add(state);
        command.Add(files);
        command.Add(xds);
        command.Add(xdsTls);
        command.Add(api);
        command.Add(socket);
        command.Add(store);
        command.Add(output);
        command.SetAction((result, _) => RunAsync(
            new ControlPlaneOptions
            {
                StateDirectory = new StatePaths(result.GetValue(state)).Folder,
                Files = result.GetValue(files) ?? [],
                Xds = result.GetRequiredValue(xds),
                XdsTls = result.GetValue(xdsTls),
                Api = result.GetRequiredValue(api),
                Store = result.GetValue(store) ?? Environment.GetEnvironmentVariable(StoreVariable) switch { "" => null, var address => address },
                Socket = result.GetValue(socket) is { } path ? Path.GetFullPath(path) : null,
            },
            result.IsJson(output)));
        return command;
    }

    private static async Task<int> RunAsync(ControlPlaneOptions options, bool isJson)
    {
        using var signals = new ShutdownSignals();
        using var logs = LoggerFactory.Create(builder => builder
            .AddSimpleConsole(console => console.SingleLine = true)
            .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace)
            .AddFilter("Microsoft", LogLevel.Warning)
            .SetMinimumLevel(LogLevel.Information));
        await using var plane = new ControlPlane(options, logs);
        try
        {
            await plane.StartAsync(signals.Stop);
            await plane.Ready.WaitAsync(signals.Stop);
            var report = new { xds = $"{plane.XdsEndPoint}", xdsTls = plane.XdsTlsEndPoint?.ToString(), api = $"http://{plane.ApiEndPoint}", socket = plane.SocketPath };
            if (isJson)
            {
                Json.Write(report);
            }
            else
            {
                await Console.Out.WriteLineAsync($"control plane: xDS {report.xds}{(report.xdsTls is { } secured ? $" and over TLS {secured}" : "")}, API {report.api}, socket {report.socket}");
            }

            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, signals.Stop);
        }
        catch (ControlPlaneException exception)
        {
            throw new UserException(exception.Message);
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            // Told to stop.
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await plane.StopAsync(limit.Token);
        return ExitCodes.Success;
    }
}
