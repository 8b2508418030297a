using System.CommandLine;
using Banyan.Cli.Client;
using Banyan.Cli.Up;
using Banyan.Model;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan authz check</c> and <c>suggest</c>: who may call what, which policy says so, and which might.</summary>
internal static class AuthzCommand
{
    private const string Check = "check", Suggest = "suggest";

    public static Command Create()
    {
        var action = new Argument<string>("ACTION") { Description = "check: may somebody call; suggest: policies that allow what was seen", HelpName = $"{Check}|{Suggest}" };
        action.AcceptOnlyFromAmong(Check, Suggest);
        var question = new Question();
        var wish = new Wish();
        var state = Shared.State();
        var output = Shared.Output();
        var command = new Verb("authz", "Explain who may call what, and suggest AuthorizationPolicies from what was seen")
        {
            Details = "Decided by the engine of the sidecars, from the policies that the control plane has. What is suggested is YAML that 'banyan apply' takes as it is.",
            Examples =
            [
                ("banyan authz check --from orders --to payments --method POST --path /charge", "may orders charge?"),
                ("banyan authz check --to payments.shop --port 5432", "may somebody without an identity connect?"),
                ("banyan authz suggest --since 7d", "policies for every service, from what was seen in a week"),
                ("banyan authz suggest --service payments --detail paths --audit | banyan apply -", "try one out"),
            ],
            ExitCodeMeanings = [(ExitCodes.Failed, "it is denied, or there is no such caller, service or port"), Shared.UnreachableMeaning],
        };
        command.Add(action);
        question.AddTo(command);
        wish.AddTo(command);
        command.Add(state);
        command.Add(output);
        command.Validators.Add(result =>
        {
            if (result.GetValue(action) == Check && string.IsNullOrEmpty(result.GetValue(question.To)))
            {
                result.AddError("check needs --to SERVICE");
            }
        });
        command.SetAction(async (result, cancel) =>
        {
            using var control = new ControlClient(new StatePaths(result.GetValue(state)));
            return result.GetValue(action) == Suggest
                ? await SuggestAsync(control, wish, result, result.IsJson(output), cancel)
                : await CheckAsync(control, question.Of(result), result.IsJson(output), cancel);
        });
        return command;
    }

    private static async Task<int> CheckAsync(
        ControlClient control, AuthorizationQuestion question, bool isJson, CancellationToken cancel)
    {
        var answer = await control.AuthorizationAsync(question, cancel);
        if (isJson)
        {
            Json.Write(answer);
        }
        else
        {
            Print(answer, question);
        }

        return answer.Allowed ? ExitCodes.Success : ExitCodes.Failed;
    }

    private static async Task<int> SuggestAsync(
        ControlClient control, Wish wish, ParseResult result, bool isJson, CancellationToken cancel)
    {
        var suggestion = await control.SuggestionAsync(result.GetValue(wish.Since), wish.Query(result), cancel);
        if (isJson)
        {
            Json.Write(suggestion);
        }
        else
        {
            await Console.Out.WriteAsync(suggestion.Yaml);
        }

        foreach (var warning in suggestion.Warnings)
        {
            await Console.Error.WriteLineAsync($"warning: {warning}");
        }

        return ExitCodes.Success;
    }

    private static void Print(AuthorizationAnswer answer, AuthorizationQuestion question)
    {
        var caller = answer.Identity.Length > 0 ? answer.Identity : "a caller in plaintext";
        foreach (var row in answer.Workloads)
        {
            var what = row.IsHttp ? $"{question.Method} {question.Path}" : "a connection";
            Console.WriteLine($"{(row.Allowed ? "allowed" : "denied")}: {caller} -> {answer.Service}:{answer.Port} ({row.Workload}), {what}");
            Console.WriteLine($"  {row.Reason}");
            if (row.Audited.Length > 0)
            {
                Console.WriteLine($"  {row.Audited} (audit) would deny it");
            }
        }
    }

    /// <summary>What <c>check</c> is asked.</summary>
    private sealed class Question
    {
        private readonly Option<string?> _from = new("--from") { Description = "check: who calls, a workload (NAME or NAMESPACE/NAME) or a SPIFFE ID; absent = somebody in plaintext", HelpName = "CALLER" };
        private readonly Option<int?> _port = new("--port") { Description = "check: port of the service; 80 or its first unless told", HelpName = "PORT" };
        private readonly Option<string> _method = new("--method") { Description = "check: method of the request", HelpName = "METHOD", DefaultValueFactory = _ => "GET" };
        private readonly Option<string> _path = new("--path") { Description = "check: path of the request", HelpName = "PATH", DefaultValueFactory = _ => "/" };

        public Option<string?> To { get; } = new("--to") { Description = "check: what is called, SERVICE or SERVICE.NAMESPACE", HelpName = "SERVICE" };

        public void AddTo(Command command)
        {
            _port.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<int?>() is < 1 or > 65_535)
                {
                    result.AddError("--port is from 1 to 65535");
                }
            });
            command.Add(_from);
            command.Add(To);
            command.Add(_port);
            command.Add(_method);
            command.Add(_path);
        }

        public AuthorizationQuestion Of(ParseResult result) => new(
            result.GetValue(_from) ?? "",
            result.GetValue(To)!,
            result.GetValue(_port) ?? 0,
            result.GetValue(_method)!,
            result.GetValue(_path)!);
    }

    /// <summary>What <c>suggest</c> is asked for.</summary>
    private sealed class Wish
    {
        private readonly Option<string?> _service = new("--service") { Description = "suggest: only for SERVICE or SERVICE.NAMESPACE", HelpName = "SERVICE" };
        private readonly Option<string?> _namespace = Shared.Namespace("suggest: only for services of this namespace");
        private readonly Option<string> _detail = Shared.Choice("--detail", "suggest: what rules say of requests", "methods", "identities", "paths");
        private readonly Option<bool> _audit = new("--audit") { Description = "suggest: policies that only log and count what they would deny" };
        private readonly Option<long> _rare = new("--rare") { Description = "suggest: fewer requests than this are rare", HelpName = "N", DefaultValueFactory = _ => 10 };

        public Option<TimeSpan> Since { get; } = Shared.Since();

        public void AddTo(Command command)
        {
            _rare.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<long>() < 0)
                {
                    result.AddError("--rare is from 0");
                }
            });
            command.Add(_service);
            command.Add(_namespace);
            command.Add(Since);
            command.Add(_detail);
            command.Add(_audit);
            command.Add(_rare);
        }

        public string Query(ParseResult result) =>
            $"{Named("service", result.GetValue(_service))}{Named("namespace", result.GetValue(_namespace))}&detail={result.GetValue(_detail)}"
            + $"&audit={(result.GetValue(_audit) ? "true" : "false")}&rare={result.GetValue(_rare)}";

        private static string Named(string name, string? value) => value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";
    }
}
