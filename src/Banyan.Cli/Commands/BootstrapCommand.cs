using System.CommandLine;
using System.Net;
using System.Text.Json;
using Banyan.Cli.Client;
using Banyan.Cli.Up;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan bootstrap</c>: the file by which a data plane of others finds the control plane.</summary>
internal static class BootstrapCommand
{
    private const string DefaultControl = "127.0.0.1:14010";

    private static readonly JsonSerializerOptions Indented = new(Json.Options) { WriteIndented = true };

    public static Command Create()
    {
        var format = Shared.Choice(
            "--format", "Who reads the file: gRPC's libraries (JSON) or Envoy (YAML)", "grpc", "envoy");
        var node = new Option<string>("--node")
        {
            Description = "The name under which it asks: of Envoy, the instance whose sidecar it is",
            HelpName = "NAMESPACE/WORKLOAD/REPLICA",
            Required = true,
        };
        node.Validators.Add(result =>
        {
            var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
            var parts = text.Split('/');
            if (parts.Length != 3 || parts.Any(part => part.Length == 0) || !parts[2].All(char.IsAsciiDigit))
            {
                result.AddError(
                    $"--node: '{text}' is not NAMESPACE/WORKLOAD/REPLICA; write for example default/client/0");
            }
        });
        var control = new Option<string?>("--control")
        {
            Description =
                $"Where the control plane serves xDS (default: that of the running mesh, else {DefaultControl})",
            HelpName = "IP:PORT",
        };
        control.Validators.Add(result =>
        {
            var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
            if (!text.Contains(':') || !IPEndPoint.TryParse(text, out _))
            {
                result.AddError(
                    $"--control: '{text}' is not an address; write for example {DefaultControl}");
            }
        });
        var zone = new Option<string?>("--zone")
        {
            Description = "Where it runs: region/zone", HelpName = "REGION/ZONE",
        };
        var state = Shared.State();
        var output = Shared.Output();
        var command = new Verb("bootstrap", "Print the file by which a gRPC library or Envoy finds the control plane")
        {
            Details =
                """
                gRPC's libraries find the file by the variable GRPC_XDS_BOOTSTRAP and call targets such as
                xds:///SERVICE.NAMESPACE:PORT. Programs that 'banyan up' starts without a sidecar get such a file by
                themselves.
                """,
            Examples =
            [
                (
                    "banyan bootstrap --node default/client/0 > bootstrap.json",
                    "then: GRPC_XDS_BOOTSTRAP=bootstrap.json ./client"),
                (
                    "banyan bootstrap --format envoy --node default/payments-v1/0 > envoy.yaml",
                    "then: envoy -c envoy.yaml"),
                (
                    "banyan bootstrap --node default/client/0 --control 10.0.0.5:14010 --zone eu-1/a",
                    "for a control plane elsewhere"),
            ],
        };
        command.Add(format);
        command.Add(node);
        command.Add(control);
        command.Add(zone);
        command.Add(state);
        command.Add(output);
        command.SetAction(async (result, cancel) =>
        {
            var address = result.GetValue(control) ?? await FindAsync(result.GetValue(state), cancel) ?? DefaultControl;
            var file = new BootstrapFile(
                result.GetRequiredValue(node), result.GetValue(zone) ?? "", IPEndPoint.Parse(address));
            var isGrpc = result.GetValue(format) == "grpc";
            var content = isGrpc ? file.Grpc() : file.Envoy();
            if (result.IsJson(output))
            {
                Json.Write(content);
            }
            else
            {
                await Console.Out.WriteAsync(
                    isGrpc ? content.ToJsonString(Indented) + "\n" : JsonToYaml.Convert(content));
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static async Task<string?> FindAsync(string? state, CancellationToken cancel)
    {
        using var supervisor = new SupervisorClient(new StatePaths(state));
        return (await supervisor.TryReportAsync(cancel))?.Xds;
    }
}
