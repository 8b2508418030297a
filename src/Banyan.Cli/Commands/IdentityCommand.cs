using System.CommandLine;
using Banyan.Cli.Identity;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan identity</c>: a certificate in files, for a workload without a sidecar.</summary>
internal static class IdentityCommand
{
    public static Command Create()
    {
        var control = new Option<string>("--control")
        {
            Description = "Where the control plane serves over TLS ('banyan control --xds-tls')",
            HelpName = "https://HOST:PORT",
            Required = true,
        };
        var workload = new Option<string?>("--workload")
        {
            Description = "Whose identity: the namespace and the service account of a Workload", HelpName = "NAMESPACE/ACCOUNT",
        };
        var id = new Option<string?>("--id") { Description = "Instead: the whole identity", HelpName = "spiffe://..." };
        var folder = new Option<string>("--out")
        {
            Description = "Where cert.pem, key.pem and bundle.pem are kept, a folder of their own", HelpName = "DIR", Required = true,
        };
        var token = new Option<string?>("--join-token")
        {
            Description = "File (0600) with a join token, for the first certificate; removed once it was used", HelpName = "FILE",
        };
        var watch = new Option<bool>("--watch") { Description = "Stay, and renew the certificate and the anchors in time" };
        var output = Shared.Output();
        var command = new Verb("identity", "Get a certificate for a workload without a sidecar")
        {
            Details =
                """
                The key is made here and leaves the folder never. What the files hold is the proof for the next
                certificate; the service account of a Workload is its own, else the name of its service, else its name.
                """,
            Examples =
            [
                (
                    "banyan identity --control https://mesh.example:14011 --workload shop/cart --join-token token --out certs --watch",
                    "joins, and renews until it is ended"),
                (
                    "banyan identity --control https://mesh.example:14011 --workload shop/cart --out certs",
                    "renews once, when half of the life is over"),
            ],
            ExitCodeMeanings = [(ExitCodes.Failed, "there is no certificate; the message says why")],
        };
        command.Add(control);
        command.Add(workload);
        command.Add(id);
        command.Add(folder);
        command.Add(token);
        command.Add(watch);
        command.Add(output);
        command.Validators.Add(result =>
        {
            if (result.GetValue(control) is not { } address || !Uri.TryCreate(address, UriKind.Absolute, out var uri)
                || uri.Scheme != Uri.UriSchemeHttps || uri.PathAndQuery != "/" || uri.UserInfo.Length > 0)
            {
                result.AddError($"--control: '{result.GetValue(control)}' is not https://HOST:PORT");
            }

            var (place, whole) = (result.GetValue(workload), result.GetValue(id));
            if (place is null == whole is null)
            {
                result.AddError("give either --workload NAMESPACE/ACCOUNT or --id spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT");
            }
            else if (place is not null && place.Split('/') is not [{ Length: > 0 }, { Length: > 0 }])
            {
                result.AddError($"--workload: '{place}' is not of the form NAMESPACE/ACCOUNT");
            }
            else if (whole is not null
                && whole.Split('/') is not ["spiffe:", "", { Length: > 0 }, "ns", { Length: > 0 }, "sa", { Length: > 0 }])
            {
                result.AddError($"--id: '{whole}' is not of the form spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT");
            }
        });
        command.SetAction(async (result, _) =>
        {
            var place = result.GetValue(workload)?.Split('/');
            var whole = result.GetValue(id);
            var isJson = result.IsJson(output);
            var files = new IdentityFiles(result.GetRequiredValue(folder));
            var run = new IdentityRun(
                new CertificateCalls(new Uri(result.GetRequiredValue(control)), TimeProvider.System),
                files,
                domain => whole ?? $"spiffe://{domain}/ns/{place![0]}/sa/{place[1]}",
                result.GetValue(token),
                TimeProvider.System,
                (identity, action) => Tell(identity, action, files.Folder, isJson));
            using var signals = new ShutdownSignals();
            if (result.GetValue(watch))
            {
                await run.WatchAsync(problem => Console.Error.WriteLine($"banyan: {problem}"), signals.Stop);
            }
            else
            {
                await OnceAsync(run, signals.Stop);
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static async Task OnceAsync(IdentityRun run, CancellationToken stop)
    {
        try
        {
            await run.OnceAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw new UserException("told to end before there was a certificate");
        }
    }

    private static void Tell(KeptIdentity identity, string action, string folder, bool isJson)
    {
        if (isJson)
        {
            Json.Write(new
            {
                action,
                id = identity.Id,
                folder,
                serial = identity.Leaf.SerialNumber.ToLowerInvariant(),
                notBefore = identity.NotBefore,
                notAfter = identity.NotAfter,
            });
            return;
        }

        var what = action switch
        {
            "kept" => "has enough of its life left, and is kept",
            "trust-changed" => "is kept, with other anchors",
            _ => "written",
        };
        Console.Out.WriteLine($"{identity.Id} in {folder}, until {identity.NotAfter:u}: {what}");
    }
}
