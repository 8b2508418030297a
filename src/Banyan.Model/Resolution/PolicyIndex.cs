using Banyan.Rules.Tokens;

namespace Banyan.Model;

/// <summary>AuthorizationPolicies by the workloads that they select.</summary>
internal sealed class PolicyIndex(IEnumerable<AuthorizationPolicy> policies)
{
    private readonly ILookup<string, AuthorizationPolicy> _byNamespace = policies.ToLookup(
        policy => policy.Metadata.Namespace, StringComparer.Ordinal);

    /// <summary>The policies for what is called at a service's port, ordered by name.</summary>
    /// <param name="scope">Namespace of the workload behind it.</param>
    /// <param name="service">The service that is called.</param>
    /// <param name="workload">The workload behind it; null where nobody knows it, which selectors by version or label
    /// take for selected if they deny and for not selected if they allow.</param>
    public EquatableList<AuthorizationPolicy> Of(string scope, string service, Workload? workload) =>
        _byNamespace[scope].Where(policy => Selects(policy, service, workload)).ToEquatableList();

    /// <summary>Conditions of all policies: what they select, and what of them cannot be asked of TCP.</summary>
    public void Judge(IReadOnlyCollection<Workload> workloads, PortIndex ports, TokenKeys keys, StatusBook book)
    {
        foreach (var policy in _byNamespace.SelectMany(each => each))
        {
            book.Add(policy, "Accepted", isTrue: true, "Accepted", "");
            var selected = workloads
                .Where(each => each.Metadata.Namespace == policy.Metadata.Namespace)
                .Where(each => Selects(policy, each.Spec.Service, each))
                .ToList();
            if (selected.Count == 0)
            {
                const string Message = "it selects no workload of its namespace, and decides nothing";
                book.Add(policy, "Selects", isTrue: false, "NoWorkload", Message);
                book.Warn(policy, "spec.selector", Message);
            }

            TellLeftOut(policy, selected, ports, book);
            TellKeys(policy, keys, book);
        }
    }

    private static void TellLeftOut(
        AuthorizationPolicy policy, List<Workload> selected, PortIndex ports, StatusBook book)
    {
        for (var rule = 0; rule < policy.Spec.Rules.Count; rule++)
        {
            for (var i = 0; i < policy.Spec.Rules[rule].To.Count; i++)
            {
                if (policy.Spec.Rules[rule].To[i] is { AsksRequest: true } operation)
                {
                    TellLeftOut(policy, $"rules[{rule}].to[{i}]", operation.Ports, selected, ports, book);
                }
            }

            for (var i = 0; i < policy.Spec.Rules[rule].From.Count; i++)
            {
                if (policy.Spec.Rules[rule].From[i].AsksRequest)
                {
                    TellLeftOut(policy, $"rules[{rule}].from[{i}]", [], selected, ports, book);
                }
            }
        }
    }

    private static void TellLeftOut(
        AuthorizationPolicy policy,
        string field,
        EquatableList<int> only,
        List<Workload> selected,
        PortIndex ports,
        StatusBook book)
    {
        var opaque = selected
            .SelectMany(each => each.Spec.Ports.Select(port => (Workload: each, port.Port)))
            .Where(each => only.Count == 0 || only.Contains(each.Port))
            .Where(each => !Protocols.IsHttp(ports.Behind(each.Workload, each.Port)))
            .Select(each => $"{each.Workload.Spec.Service}:{each.Port}")
            .Distinct(StringComparer.Ordinal)
            .ToList();
        if (opaque.Count > 0)
        {
            var message = $"{field} asks for what only HTTP has and is left out where bytes are "
                + $"relayed unread: {string.Join(", ", opaque)}";
            book.Add(policy, "RulesApply", isTrue: false, "NotHttp", message);
            book.Warn(policy, $"spec.{field}", message);
        }
    }

    /// <summary>Whether the keys of its issuers are known.</summary>
    private static void TellKeys(AuthorizationPolicy policy, TokenKeys keys, StatusBook book)
    {
        if (policy.Spec.Jwt.Count == 0)
        {
            return;
        }

        var isWell = true;
        for (var i = 0; i < policy.Spec.Jwt.Count; i++)
        {
            var source = policy.Spec.Jwt[i].Jwks;
            var from = source.Url.Length > 0 ? source.Url : source.File;
            if (keys.Find(policy, source) is not { } set)
            {
                isWell = false;
                book.Add(
                    policy, "KeysKnown", isTrue: false, "Pending", $"jwt[{i}]: the keys of {from} were not read yet");
            }
            else if (set.Problem.Length > 0)
            {
                isWell = false;
                var message = $"jwt[{i}]: {from}: {set.Problem}; "
                    + (set.Json is null or SigningKeySet.None ? "its tokens are refused" : "the keys from before stay");
                book.Add(policy, "KeysKnown", isTrue: false, set.Json is null ? "NoKeys" : "Stale", message);
                book.Warn(policy, $"spec.jwt[{i}].jwks", message);
            }
        }

        if (isWell)
        {
            book.Add(policy, "KeysKnown", isTrue: true, "KeysKnown", "");
        }
    }

    private static bool Selects(AuthorizationPolicy policy, string service, Workload? workload)
    {
        var selector = policy.Spec.Selector;
        if (selector.Service.Length > 0 && selector.Service != service)
        {
            return false;
        }

        if (workload is null)
        {
            return (selector.Version.Length == 0 && selector.Labels.Count == 0) || policy.Spec.Action == PolicyAction.Deny;
        }

        return (selector.Version.Length == 0 || selector.Version == workload.Spec.Version)
            && selector.Labels.All(
                label => workload.Metadata.Labels.TryGetValue(label.Key, out var value) && value == label.Value);
    }
}
