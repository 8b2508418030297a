using System.Globalization;
using System.Text;
using Banyan.Rules;
using Banyan.Rules.Authorization;
using Banyan.Wire.Http1;

namespace Banyan.Model;

/// <summary>Explains what sidecars decide: the same policies, translated and compiled the same way. Pure.</summary>
public static class AuthorizationCheck
{
    private const string Scheme = "spiffe://";

    /// <summary>Decides about a call at each workload behind a service.</summary>
    /// <param name="objects">All objects of the mesh.</param>
    /// <param name="question">Who calls what.</param>
    /// <param name="answer">One row for each workload behind the port.</param>
    /// <param name="field">Which part of the question cannot be answered; empty when all can.</param>
    /// <returns>What is wrong with it; null when nothing is.</returns>
    public static string? Explain(
        IEnumerable<MeshObject> objects,
        AuthorizationQuestion question,
        out AuthorizationAnswer? answer,
        out string field)
    {
        answer = null;
        field = "";
        var (service, scope) = ServiceNames.Split(question.To, ObjectMeta.DefaultNamespace);
        if (Head(question, service, out var head) is { } noRequest)
        {
            field = "path";
            return noRequest;
        }

        var resolved = ResolvedMesh.Of(objects);
        if (Caller(resolved, question.From, ref field, out var identity) is { } noCaller)
        {
            return noCaller;
        }

        var workloads = resolved.Workloads
            .Where(each => each.Metadata.Namespace == scope && each.Spec.Service == service)
            .ToList();
        var ports = workloads.SelectMany(each => each.Spec.Ports).Select(each => each.Port).Distinct().ToList();
        if (ports.Count == 0)
        {
            field = "to";
            return $"no workload with a port stands behind the service {service}.{scope}";
        }

        var port = question.Port != 0 ? question.Port : ports.Contains(80) ? 80 : ports[0];
        if (!ports.Contains(port))
        {
            field = "port";
            return $"{service}.{scope} has no port {port}; it has {string.Join(", ", ports)}";
        }

        var rows = workloads.Where(each => each.Spec.Ports.Any(own => own.Port == port))
            .Select(each => Decide(resolved, each, identity, port, head!))
            .ToList();
        answer = new AuthorizationAnswer(identity, $"{service}.{scope}", port, rows.All(row => row.Allowed), rows);
        return null;
    }

    private static AuthorizationRow Decide(
        ResolvedMesh resolved, Workload workload, string identity, int port, CheckedRequest request)
    {
        var plan = ListenerTranslator.Authorization(resolved, workload, port);
        var filters = AuthorizationTranslator.Filters(plan)
            .Select(each => new AuthorizationFilter(each.Rules, each.Shadow)).ToList();
        var policies = plan.Policies.Select(each => each.FullName).ToList();
        var protocol = plan.Policies.Count > 0 ? plan.Protocol : resolved.Ports.Behind(workload, port);
        var isHttp = Protocols.IsHttp(protocol);
        if (filters.Count == 0)
        {
            return new AuthorizationRow(
                workload.Metadata.Name, Allowed: true, "", "",
                policies.Count == 0 ? "no policy selects it: allowed" : "no policy has a say at this port: allowed",
                isHttp, policies);
        }

        if (!AuthorizationTable.TryCompile(filters, "filters", out var table, out var error))
        {
            return new AuthorizationRow(
                workload.Metadata.Name, Allowed: false, "", "",
                $"its sidecar refuses the policies: {error}", isHttp, policies);
        }

        var decision = table.Decide(new AuthorizationView
        {
            Identity = Encoding.ASCII.GetBytes(identity), Port = port, IsHttp = isHttp,
            Request = isHttp ? request.View : default,
        });
        return new AuthorizationRow(
            workload.Metadata.Name, decision.Allowed, Shown(decision.Policy), Shown(decision.Audited), Reason(decision),
            isHttp, policies);
    }

    private static string Reason(AuthorizationDecision decision) => decision.Reason switch
    {
        DenyReason.Denied => $"{Shown(decision.Policy)} denies it",
        DenyReason.NothingAllows => $"no rule allows it, and {Shown(decision.Policy)} allows only what its rules say",
        DenyReason.NotHttp => $"{Shown(decision.Policy)} asks about requests, and this is not HTTP",
        _ when decision.Policy is null => "no policy denies it",
        _ => $"{Shown(decision.Policy)} allows it",
    };

    // Those that begin with ~ are made by the translation.
    private static string Shown(string? policy) => policy == "~health" ? "the health check" : policy?.TrimStart('~') ?? "";

    private static string? Caller(ResolvedMesh resolved, string from, ref string field, out string identity)
    {
        identity = from;
        if (from.Length == 0 || from.StartsWith(Scheme, StringComparison.Ordinal))
        {
            return null;
        }

        var parts = from.Split('/');
        var (scope, name) = parts.Length == 2 ? (parts[0], parts[1]) : (ObjectMeta.DefaultNamespace, from);
        var workload = resolved.Workloads.FirstOrDefault(each =>
            each.Metadata.Namespace == scope && each.Metadata.Name == name);
        var owner = workload is null ? null : resolved.Workloads.FirstOrDefault(each =>
            each.Metadata.Namespace == scope && each.Metadata.Name == workload.ProcessOwner);
        if (owner is null)
        {
            field = "from";
            return $"there is no Workload {scope}/{name}; write a workload's name, NAMESPACE/NAME, a SPIFFE ID, "
                + "or nothing for a caller in plaintext";
        }

        identity = WorkloadIdentity.Of(resolved.Spec.TrustDomain, owner);
        return null;
    }

    private static string? Head(AuthorizationQuestion question, string service, out CheckedRequest? request)
    {
        request = null;
        var bytes = Encoding.Latin1.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"{question.Method} {question.Path} HTTP/1.1\r\nhost: {service}\r\n\r\n"));
        var head = new RequestHead();
        if (RequestParser.Parse(bytes, head) != ParseStatus.Complete || head.Length != bytes.Length)
        {
            return $"{question.Method} {question.Path} is no request";
        }

        // As it came, the path has its query behind it.
        var end = head.QueryStart < 0 ? head.PathStart + head.PathLength : head.QueryStart - 1;
        var path = bytes[head.PathStart..end];
        var output = new byte[path.Length];
        switch (CanonicalPath.Write(path, output, allowEscapedSlashes: false, out var written))
        {
            case PathOutcome.Rewritten:
                path = output[..written];
                break;
            case PathOutcome.Refused:
                return $"{question.Path} is refused by every sidecar: it could be read in two ways";
        }

        request = new CheckedRequest(head, bytes, path);
        return null;
    }

    private sealed record CheckedRequest(RequestHead Head, byte[] Bytes, byte[] Path)
    {
        public RequestView View => new()
        {
            Head = Head, Bytes = Bytes, Path = Path, Authority = Head.Authority(Bytes), Query = Head.Query(Bytes),
        };
    }
}

/// <summary>Who calls what.</summary>
/// <param name="From">A workload as NAME or NAMESPACE/NAME, a SPIFFE ID, or empty for a caller in plaintext.</param>
/// <param name="To">SERVICE or SERVICE.NAMESPACE.</param>
/// <param name="Port">0 = 80, or the first where that is not one.</param>
/// <param name="Method">Of the request; without meaning for TCP.</param>
/// <param name="Path">Of the request, with or without query.</param>
public sealed record AuthorizationQuestion(string From, string To, int Port, string Method, string Path);

/// <summary>What sidecars decide.</summary>
/// <param name="Identity">The caller's SPIFFE ID; empty in plaintext.</param>
/// <param name="Service">The service, SERVICE.NAMESPACE.</param>
/// <param name="Port">Its port.</param>
/// <param name="Allowed">All workloads behind it allow it.</param>
/// <param name="Workloads">One row for each.</param>
public sealed record AuthorizationAnswer(
    string Identity, string Service, int Port, bool Allowed, IReadOnlyList<AuthorizationRow> Workloads);

/// <summary>What the sidecar of one workload decides.</summary>
/// <param name="Workload">The workload.</param>
/// <param name="Allowed">Whether the call may pass.</param>
/// <param name="Policy">The policy that decided, NAMESPACE/NAME; empty when none had a say.</param>
/// <param name="Audited">A policy in audit mode that would deny it; empty when none would.</param>
/// <param name="Reason">For people.</param>
/// <param name="IsHttp">Whether requests are judged there, or connections.</param>
/// <param name="Policies">All policies that select it.</param>
public sealed record AuthorizationRow(
    string Workload,
    bool Allowed,
    string Policy,
    string Audited,
    string Reason,
    bool IsHttp,
    IReadOnlyList<string> Policies);
