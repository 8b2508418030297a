using System.CommandLine;
using Banyan.Cli.Client;
using Banyan.Cli.Up;
using Spectre.Console;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan token create NAME | create --workload NS/NAME | list | revoke ID</c>.</summary>
internal static class TokenCommand
{
    public static Command Create()
    {
        var action = new Argument<string>("ACTION") { Description = "create, list or revoke", HelpName = "create|list|revoke" };
        var target = new Argument<string?>("NAME")
        {
            Description = "create: who or what it is for; revoke: its id", Arity = ArgumentArity.ZeroOrOne,
        };
        var role = Shared.Choice("--role", "What it allows", "read-only", "admin");
        var expires = Life("--expires", "It counts for this time, such as 12h (default: until it is revoked)");
        var workload = new Option<string?>("--workload")
        {
            Description = "create: a join token for this Workload, by which its sidecar gets its first certificate",
            HelpName = "NS/NAME",
        };
        var ttl = Life("--ttl", "A join token counts for this time, such as 10m (default: 1h), and once");
        var reason = Shared.Reason();
        var state = Shared.State();
        var output = Shared.Output();
        var command = new Verb("token", "Make, list and revoke tokens of the API; make tokens to join with")
        {
            Details = "The text of a token is shown once, when it is made; the control plane keeps a hash of it.",
            Examples =
            [
                ("banyan token create ci --role admin --expires 720h", "for programs that write over TCP"),
                ("banyan token revoke 3f2a9c01d4e7", "who has it may do nothing more"),
                ("banyan token create --workload shop/payments-v1 --ttl 10m", "for one sidecar of that workload"),
            ],
            ExitCodeMeanings = [(ExitCodes.Failed, "there is no such token, or no such workload"), Shared.UnreachableMeaning],
        };
        command.Add(action);
        command.Add(target);
        command.Add(role);
        command.Add(expires);
        command.Add(workload);
        command.Add(ttl);
        command.Add(reason);
        command.Add(state);
        command.Add(output);
        command.Validators.Add(result =>
        {
            var verb = result.GetValue(action);
            if (verb is not ("create" or "list" or "revoke"))
            {
                result.AddError($"'{verb}' is not one of create, list, revoke");
            }
            else if (verb == "create" && result.GetValue(workload) is { } place)
            {
                if (place.Split('/') is not [{ Length: > 0 }, { Length: > 0 }])
                {
                    result.AddError($"--workload: '{place}' is not of the form NAMESPACE/NAME");
                }
            }
            else if (verb != "list" && result.GetValue(target) is null)
            {
                result.AddError(verb == "create" ? "create needs a NAME: who or what the token is for" : "revoke needs the id of a token");
            }
        });
        command.SetAction(async (result, cancel) =>
        {
            using var control = new ControlClient(new StatePaths(result.GetValue(state)));
            var isJson = result.IsJson(output);
            switch (result.GetRequiredValue(action))
            {
                case "create" when result.GetValue(workload) is { } place:
                    await JoinAsync(control, place, result.GetValue(ttl), result.GetValue(reason), isJson, cancel);
                    break;
                case "create":
                    await CreateAsync(control, result.GetValue(target)!, result.GetValue(role)!, result.GetValue(expires), result.GetValue(reason), isJson, cancel);
                    break;
                case "revoke":
                    var id = result.GetValue(target)!;
                    await control.RevokeTokenAsync(id, result.GetValue(reason), cancel);
                    if (isJson)
                    {
                        Json.Write(new { id, action = "revoked" });
                    }
                    else
                    {
                        await Console.Out.WriteLineAsync($"token {id} revoked");
                    }

                    break;
                default:
                    await ListAsync(control, isJson, cancel);
                    break;
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static Option<TimeSpan?> Life(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "DURATION",
        CustomParser = result =>
        {
            var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
            if (Duration.TryParse(text, out var duration))
            {
                return duration;
            }

            result.AddError($"{name}: '{text}' is not a duration; write for example 12h");
            return null;
        },
    };

    private static async Task JoinAsync(
        ControlClient control, string workload, TimeSpan? life, string? reason, bool isJson, CancellationToken cancel)
    {
        var token = await control.CreateJoinTokenAsync(workload, life, reason, cancel);
        if (isJson)
        {
            Json.Write(token);
            return;
        }

        await Console.Out.WriteLineAsync(token.Token);
        await Console.Error.WriteLineAsync(
            $"join token {token.Id} for {token.Identity}, until {token.ExpiresAt.UtcDateTime:yyyy-MM-dd HH:mm}Z; it counts once and is not shown again");
    }

    private static async Task CreateAsync(
        ControlClient control, string name, string role, TimeSpan? life, string? reason, bool isJson, CancellationToken cancel)
    {
        var token = await control.CreateTokenAsync(name, role, life, reason, cancel);
        if (isJson)
        {
            Json.Write(token);
            return;
        }

        await Console.Out.WriteLineAsync(token.Token);
        await Console.Error.WriteLineAsync($"token {token.Id} for {token.Name} ({token.Role}); it is not shown again");
    }

    private static async Task ListAsync(ControlClient control, bool isJson, CancellationToken cancel)
    {
        var list = await control.TokensAsync(cancel);
        if (isJson)
        {
            Json.Write(list);
            return;
        }

        var table = Tables.Create("ID", "NAME", "ROLE", "CREATED", "BY", "EXPIRES");
        foreach (var item in list.Items)
        {
            table.AddRow(
                item.Id,
                Markup.Escape(item.Name),
                item.Role,
                $"{item.CreatedAt.UtcDateTime:yyyy-MM-dd HH:mm}Z",
                Markup.Escape(item.CreatedBy),
                item.ExpiresAt is { } at ? $"{at.UtcDateTime:yyyy-MM-dd HH:mm}Z" : "");
        }

        Tables.Print(table);
    }
}
