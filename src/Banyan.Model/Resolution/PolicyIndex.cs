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
    public void Judge(IReadOnlyCollection<Workload> workloads, PortIndex ports, StatusBook book)
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
        }
    }

    private static void TellLeftOut(
        AuthorizationPolicy policy, List<Workload> selected, PortIndex ports, StatusBook book)
    {
        for (var rule = 0; rule < policy.Spec.Rules.Count; rule++)
        {
            for (var i = 0; i < policy.Spec.Rules[rule].To.Count; i++)
            {
                var operation = policy.Spec.Rules[rule].To[i];
                if (!operation.AsksRequest)
                {
                    continue;
                }

                var opaque = selected
                    .SelectMany(each => each.Spec.Ports.Select(port => (Workload: each, port.Port)))
                    .Where(each => operation.Ports.Count == 0 || operation.Ports.Contains(each.Port))
                    .Where(each => !Protocols.IsHttp(ports.Behind(each.Workload, each.Port)))
                    .Select(each => $"{each.Workload.Spec.Service}:{each.Port}")
                    .Distinct(StringComparer.Ordinal)
                    .ToList();
                if (opaque.Count > 0)
                {
                    var message = $"rules[{rule}].to[{i}] asks for what only HTTP has and is left out where bytes are "
                        + $"relayed unread: {string.Join(", ", opaque)}";
                    book.Add(policy, "RulesApply", isTrue: false, "NotHttp", message);
                    book.Warn(policy, $"spec.rules[{rule}].to[{i}]", message);
                }
            }
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
