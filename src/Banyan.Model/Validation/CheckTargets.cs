using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>Whether what Checks want to read is there to be read.</summary>
public static class CheckTargets
{
    /// <summary>
    /// Counters of Workloads that do not exist, or are not run from these files, and ports that they do not have. A set
    /// of files may lack them; a mesh that is to be judged may not.
    /// </summary>
    public static EquatableList<Problem> Problems(IReadOnlyCollection<MeshObject> objects)
    {
        var workloads = objects.OfType<Workload>().ToList();
        var problems = new List<Problem>();
        foreach (var check in objects.OfType<Check>())
        {
            for (var i = 0; i < check.Spec.Expect.Count; i++)
            {
                var expectation = check.Spec.Expect[i];
                Look(check, $"spec.expect[{i}]", expectation.Counter, workloads, problems);
                if (expectation.Per is { } per)
                {
                    Look(check, $"spec.expect[{i}].per", per, workloads, problems);
                }
            }
        }

        return problems.ToEquatableList();
    }

    /// <summary>The Workload whose process holds a counter; null when these files do not run it.</summary>
    public static Workload? Owner(Check check, CounterReference counter, IEnumerable<Workload> workloads)
    {
        var local = workloads.Where(workload => workload.Metadata.Namespace == check.Metadata.Namespace).ToList();
        var named = local.Find(workload => workload.Metadata.Name == counter.Workload);
        var owner = named is null ? null : local.Find(workload => workload.Metadata.Name == named.ProcessOwner);
        return owner?.Spec.Run is null ? null : owner;
    }

    private static void Look(
        Check check, string place, CounterReference counter, List<Workload> workloads, List<Problem> problems)
    {
        var field = counter.Sidecar.Length > 0 ? "sidecar" : "app";
        if (Owner(check, counter, workloads) is not { } owner)
        {
            var names = workloads.Where(workload => workload.Metadata.Namespace == check.Metadata.Namespace)
                .Select(workload => workload.Metadata.Name)
                .Where(name => name != counter.Workload);
            problems.Add(ProblemAt.Of(
                check,
                $"{place}.{field}",
                $"no Workload {counter.Workload} is run from these files{Suggestion.Hint(counter.Workload, names)}"));
        }
        else if (field == "sidecar" && owner.Spec.Run is { Sidecar: false })
        {
            var message = $"Workload {owner.Metadata.Name} runs without a sidecar";
            problems.Add(ProblemAt.Of(check, $"{place}.sidecar", message));
        }
        else if (field == "app" && owner.Spec.Ports.Count == 0)
        {
            var message = $"Workload {owner.Metadata.Name} has no port to ask for counters";
            problems.Add(ProblemAt.Of(check, $"{place}.app", message));
        }
        else if (counter.Port.Length > 0 && owner.Spec.Ports.All(port => port.Name != counter.Port))
        {
            var hint = Suggestion.Hint(counter.Port, owner.Spec.Ports.Select(port => port.Name));
            var message = $"Workload {owner.Metadata.Name} has no port {counter.Port}{hint}";
            problems.Add(ProblemAt.Of(check, $"{place}.port", message));
        }
    }
}
