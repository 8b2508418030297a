namespace Banyan.Cli.Up;

/// <summary>Which processes <c>banyan restart</c> means. Pure.</summary>
internal static class RestartTarget
{
    /// <summary>The processes behind a name.</summary>
    /// <param name="plans">What runs.</param>
    /// <param name="target">
    /// <c>SERVICE</c>: the processes that belong to the service, not those that merely take it along;
    /// <c>SERVICE/VERSION</c> or a workload's name: the process it runs in, whoever owns that.
    /// </param>
    /// <param name="ns">Only in this namespace; nothing means everywhere.</param>
    /// <exception cref="UserException">There is none; the message says what there is.</exception>
    public static IReadOnlyList<ProcessPlan> Choose(IReadOnlyList<ProcessPlan> plans, string target, string? ns)
    {
        var here = plans.Where(plan => ns is null || plan.Owner.Metadata.Namespace == ns).ToList();
        var slash = target.IndexOf('/', StringComparison.Ordinal);
        if (slash >= 0)
        {
            var (service, version) = (target[..slash], target[(slash + 1)..]);
            return OrNothing(
                here.FindAll(plan => plan.Workloads.Any(workload =>
                    service.Length > 0 && workload.Spec.Service == service && workload.Spec.Version == version)),
                here,
                target,
                ns);
        }

        var owned = here.FindAll(plan => target.Length > 0 && plan.Owner.Spec.Service == target);
        if (owned.Count > 0)
        {
            return owned;
        }

        // A version by the name of its implied Service, as routes call it, or a workload by its own.
        var named = here.FindAll(plan => plan.Workloads.Any(workload =>
            workload.Metadata.Name == target
            || (workload.Spec.Service.Length > 0 && $"{workload.Spec.Service}-{workload.Spec.Version}" == target)));
        if (named.Count == 0 && here.Find(plan => target.Length > 0 && plan.Guests.Any(guest => guest.Spec.Service == target)) is { } host)
        {
            var (guest, owner) = (host.Guests.First(guest => guest.Spec.Service == target), host.Owner.Metadata.Name);
            throw new UserException(
                $"{target} has no process of its own: {guest.Metadata.Name} runs in that of {owner}, which "
                + $"'banyan restart {owner}' restarts");
        }

        return OrNothing(named, here, target, ns);
    }

    private static List<ProcessPlan> OrNothing(List<ProcessPlan> found, List<ProcessPlan> here, string target, string? ns)
    {
        if (found.Count > 0)
        {
            return found;
        }

        var names = here.Select(plan => plan.Owner.Spec.Service.Length > 0 ? plan.Owner.Spec.Service : plan.Owner.Metadata.Name);
        var known = string.Join(", ", names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
        throw new UserException(
            $"no process of this mesh stands behind '{target}'{(ns is null ? "" : $" in namespace {ns}")}"
            + (known.Length > 0 ? $"; there are: {known}" : ""));
    }
}
