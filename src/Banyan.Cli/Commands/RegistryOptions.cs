using System.CommandLine;
using System.Net;
using Banyan.Model;

namespace Banyan.Cli.Commands;

/// <summary>What the verbs of the registry share.</summary>
internal static class RegistryOptions
{
    /// <summary>--address IP:PORT, required.</summary>
    public static Option<string> Address()
    {
        var option = new Option<string>("--address")
        {
            Description = "Where it listens", HelpName = "IP:PORT", Required = true,
        };
        option.Validators.Add(result =>
        {
            var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
            if (!text.Contains(':') || !IPEndPoint.TryParse(text, out var address) || address.Port == 0)
            {
                result.AddError($"--address: '{text}' is not an address; write for example 10.0.0.5:8080");
            }
        });
        return option;
    }

    /// <summary>The address of a registration below api/v1/registrations.</summary>
    public static string Place(string? ns, string service, string address) =>
        $"{Uri.EscapeDataString(ns ?? ObjectMeta.DefaultNamespace)}/{Uri.EscapeDataString(service)}/{Uri.EscapeDataString(address)}";
}
