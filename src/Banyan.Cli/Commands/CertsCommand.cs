using System.CommandLine;
using Banyan.Cli.Client;
using Banyan.Cli.Up;
using Banyan.Control.Api;
using Spectre.Console;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan certs status | list | deny SERIAL | csr | install FILE | rotate-root</c>.</summary>
internal static class CertsCommand
{
    private static readonly string[] Actions = ["status", "list", "deny", "csr", "install", "rotate-root"];

    public static Command Create()
    {
        var action = new Argument<string>("ACTION") { Description = string.Join(", ", Actions), HelpName = string.Join('|', Actions) };
        var target = new Argument<string?>("WHAT") { Description = "deny: the certificate's serial; install: a file", Arity = ArgumentArity.ZeroOrOne };
        var identity = new Option<string?>("--identity") { Description = "list: only of this SPIFFE ID", HelpName = "ID" };
        var limit = new Option<int>("--limit") { Description = "list: at most so many", HelpName = "N", DefaultValueFactory = _ => 50 };
        limit.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 500)
            {
                result.AddError("--limit is from 1 to 500");
            }
        });
        var force = new Option<bool>("--force") { Description = "rotate-root: the next stage also when the last one is not proved" };
        var from = new Option<string?>("--from") { Description = "rotate-root: only if the stage is still this one: none, trusted, signing", HelpName = "STAGE" };
        from.AcceptOnlyFromAmong("none", "trusted", "signing");
        var abort = new Option<bool>("--abort") { Description = "rotate-root: back, as long as the next root signs nothing" };
        var reason = Shared.Reason();
        var state = Shared.State();
        var output = Shared.Output();
        var command = new Verb("certs", "The certificate authority: its state, what it issued, denials")
        {
            Details = "A certificate that was denied cannot be renewed, and its holder is not served any more.",
            Examples =
            [
                ("banyan certs status", "root, issuing certificate, who has certificates"),
                ("banyan certs list --identity spiffe://banyan.local/ns/shop/sa/payments", "with their serials"),
                ("banyan certs csr", "a request for an issuing certificate, for a root that is kept elsewhere"),
                ("banyan certs install issuing.pem", "what that root signed, with what leads to it"),
                ("banyan certs rotate-root", "the next stage of a change of the root: trust it, sign with it, retire the old one"),
                ("banyan certs deny 4f0c2ab19d7e63588a1b2c3d4e5f6071 --reason \"disk lost\"", "its holder has to join again"),
            ],
            ExitCodeMeanings = [(ExitCodes.Failed, "there is no such certificate; it does not fit; the last stage is not proved; status: nothing can be issued"), Shared.UnreachableMeaning],
        };
        command.Add(action);
        command.Add(target);
        command.Add(identity);
        command.Add(limit);
        command.Add(from);
        command.Add(force);
        command.Add(abort);
        command.Add(reason);
        command.Add(state);
        command.Add(output);
        command.Validators.Add(result =>
        {
            var verb = result.GetValue(action);
            if (!Actions.Contains(verb, StringComparer.Ordinal))
            {
                result.AddError($"'{verb}' is not one of {string.Join(", ", Actions)}");
            }
            else if (verb == "deny" && result.GetValue(target) is null)
            {
                result.AddError("deny needs the serial of a certificate; 'banyan certs list' shows them");
            }
            else if (verb == "install" && result.GetValue(target) is null)
            {
                result.AddError("install needs a file with certificates in PEM");
            }
        });
        command.SetAction(async (result, cancel) =>
        {
            using var control = new ControlClient(new StatePaths(result.GetValue(state)));
            var isJson = result.IsJson(output);
            switch (result.GetRequiredValue(action))
            {
                case "deny":
                    return Denied(await control.DenyAsync(result.GetValue(target)!, result.GetValue(reason), cancel), isJson);
                case "csr":
                    return Requested(await control.CertificateRequestAsync(result.GetValue(reason), cancel), isJson);
                case "install":
                    return await InstallAsync(control, result.GetValue(target)!, result.GetValue(reason), isJson, cancel);
                case "rotate-root":
                    var stage = result.GetValue(from) ?? (await control.RotationAsync(cancel)).Stage;
                    return Rotated(await control.RotateRootAsync(
                        stage, result.GetValue(force), result.GetValue(abort), result.GetValue(reason), cancel), isJson);
                case "list":
                    return List(await control.IssuedAsync(result.GetValue(identity), result.GetValue(limit), cancel), isJson);
                default:
                    return Status(await control.CertificatesAsync(cancel), await control.RotationAsync(cancel), isJson);
            }
        });
        return command;
    }

    private static int Denied(IssuedEntry denied, bool isJson)
    {
        if (isJson)
        {
            Json.Write(denied);
        }
        else
        {
            Console.Out.WriteLine($"certificate {denied.Serial} of {denied.Identity} denied");
        }

        return ExitCodes.Success;
    }

    private static int List(IssuedList list, bool isJson)
    {
        if (isJson)
        {
            Json.Write(list);
            return ExitCodes.Success;
        }

        var table = Tables.Create("SERIAL", "IDENTITY", "ISSUED", "UNTIL", "PROOF", "DENIED");
        foreach (var each in list.Items)
        {
            table.AddRow(
                each.Serial, Markup.Escape(each.Identity), Time(each.IssuedAt), Time(each.NotAfter), each.Proof,
                each.DeniedAt is { } at ? Time(at) : "");
        }

        Tables.Print(table);
        return ExitCodes.Success;
    }

    private static int Requested(CsrDocument request, bool isJson)
    {
        if (isJson)
        {
            Json.Write(request);
        }
        else
        {
            Console.Out.Write(request.Pem);
        }

        return ExitCodes.Success;
    }

    private static async Task<int> InstallAsync(
        ControlClient control, string file, string? reason, bool isJson, CancellationToken cancel)
    {
        string pem;
        try
        {
            pem = await File.ReadAllTextAsync(file, cancel);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{file}: {exception.Message}");
        }

        await control.InstallCertificateAsync(pem, reason, cancel);
        if (isJson)
        {
            Json.Write(new { file, action = "installed" });
        }
        else
        {
            await Console.Out.WriteLineAsync($"{file} installed");
        }

        return ExitCodes.Success;
    }

    private static int Rotated(RotationDocument rotation, bool isJson)
    {
        if (isJson)
        {
            Json.Write(rotation);
        }
        else
        {
            Console.Out.WriteLine(Words(rotation));
        }

        return ExitCodes.Success;
    }

    private static string Words(RotationDocument rotation) => rotation.Stage switch
    {
        "trusted" => $"the next root is trusted since {Time(rotation.Begun!.Value)} and signs nothing yet; "
            + $"{rotation.Waiting.Sum(each => each.Valid)} certificates were given out before and not renewed",
        "signing" => $"the next root signs since {Time(rotation.Begun!.Value)}, the old one is trusted still; "
            + $"{rotation.Waiting.Sum(each => each.Valid)} certificates of the old one were not renewed",
        _ => "no change of the root is under way",
    };

    private static int Status(CertificatesDocument status, RotationDocument rotation, bool isJson)
    {
        if (isJson)
        {
            Json.Write(new { status.State, status.TrustDomain, status.Problem, status.Root, status.RootKeyPresent, status.Issuing, status.RenewAt, status.Anchors, status.Identities, status.Refusals, rotation });
        }
        else
        {
            Print(status);
            if (rotation.Stage != "none")
            {
                Console.Out.WriteLine(Words(rotation));
            }
        }

        return status.State == "ready" ? ExitCodes.Success : ExitCodes.Failed;
    }

    private static void Print(CertificatesDocument status)
    {
        Console.Out.WriteLine($"authority of {status.TrustDomain}: {status.State}");
        if (status.Problem is { } problem)
        {
            Console.Out.WriteLine($"problem: {problem}");
        }

        if (status is { Root: { } root, Issuing: { } issuing })
        {
            Console.Out.WriteLine($"root     {root.Subject}, until {Time(root.NotAfter)}, key {(status.RootKeyPresent ? "here" : "offline")}");
            Console.Out.WriteLine($"issuing  {issuing.Subject}, until {Time(issuing.NotAfter)}, {Renewal(status)}");
        }

        var anchors = Tables.Create("ANCHOR", "SHA-256 OF ITS KEY", "UNTIL");
        foreach (var each in status.Anchors)
        {
            anchors.AddRow(Markup.Escape(each.Subject), each.KeyHash, Time(each.NotAfter));
        }

        Tables.Print(anchors);
        var identities = Tables.Create("IDENTITY", "VALID", "UNTIL").AlignRight(1);
        foreach (var each in status.Identities)
        {
            identities.AddRow(Markup.Escape(each.Identity), $"{each.Valid}", Time(each.NotAfter));
        }

        Tables.Print(identities);
        foreach (var each in status.Refusals)
        {
            Console.Out.WriteLine($"refused since the start: {each.Reason} {each.Count}");
        }
    }

    private static string Renewal(CertificatesDocument status) => status.RootKeyPresent
        ? $"renewed by itself from {Time(status.RenewAt!.Value)}"
        : $"to be renewed by hand from {Time(status.RenewAt!.Value)}";

    private static string Time(DateTimeOffset at) => $"{at.UtcDateTime:yyyy-MM-dd HH:mm}Z";
}
