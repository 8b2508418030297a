using System.CommandLine;
using Banyan.Cli.Client;
using Banyan.Cli.Up;
using Banyan.Model;

namespace Banyan.Cli.Commands;

/// <summary><c>banyan authz check</c>: who may call what, and which policy says so.</summary>
internal static class AuthzCommand
{
    public static Command Create()
    {
        var action = new Argument<string>("ACTION") { Description = "check", HelpName = "check" };
        action.AcceptOnlyFromAmong("check");
        var from = new Option<string?>("--from") { Description = "Who calls: a workload (NAME or NAMESPACE/NAME) or a SPIFFE ID; absent = somebody in plaintext", HelpName = "CALLER" };
        var to = new Option<string>("--to") { Description = "What is called: SERVICE or SERVICE.NAMESPACE", HelpName = "SERVICE", Required = true };
        var port = new Option<int?>("--port") { Description = "Port of the service; 80 or its first unless told", HelpName = "PORT" };
        port.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1 or > 65_535)
            {
                result.AddError("--port is from 1 to 65535");
            }
        });
        var method = new Option<string>("--method") { Description = "Method of the request", HelpName = "METHOD", DefaultValueFactory = _ => "GET" };
        var path = new Option<string>("--path") { Description = "Path of the request", HelpName = "PATH", DefaultValueFactory = _ => "/" };
        var state = Shared.State();
        var output = Shared.Output();
        var command = new Verb("authz", "Explain who may call what, and which AuthorizationPolicy says so")
        {
            Details = "Decided by the engine of the sidecars, from the policies that the control plane has.",
            Examples =
            [
                ("banyan authz check --from orders --to payments --method POST --path /charge", "may orders charge?"),
                ("banyan authz check --to payments.shop --port 5432", "may somebody without an identity connect?"),
            ],
            ExitCodeMeanings = [(ExitCodes.Failed, "it is denied, or there is no such caller, service or port"), Shared.UnreachableMeaning],
        };
        command.Add(action);
        command.Add(from);
        command.Add(to);
        command.Add(port);
        command.Add(method);
        command.Add(path);
        command.Add(state);
        command.Add(output);
        command.SetAction(async (result, cancel) =>
        {
            using var control = new ControlClient(new StatePaths(result.GetValue(state)));
            var question = new AuthorizationQuestion(
                result.GetValue(from) ?? "", result.GetValue(to)!, result.GetValue(port) ?? 0, result.GetValue(method)!, result.GetValue(path)!);
            var answer = await control.AuthorizationAsync(question, cancel);
            if (result.IsJson(output))
            {
                Json.Write(answer);
            }
            else
            {
                Print(answer, question);
            }

            return answer.Allowed ? ExitCodes.Success : ExitCodes.Failed;
        });
        return command;
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
}
