using Banyan.Cli.Up.Processes;
using Banyan.Model;

namespace Banyan.Cli.Up;

/// <summary>Turns Workloads into processes to run.</summary>
internal static class Planner
{
    /// <summary>One plan for each Workload that has a <c>run</c>, with the Workloads that share its process.</summary>
    public static IReadOnlyList<ProcessPlan> Plan(IEnumerable<MeshObject> objects)
    {
        var workloads = objects.OfType<Workload>().ToList();
        return
        [
            .. workloads.Where(workload => workload.Spec.Run is not null).Select(owner => new ProcessPlan(
                owner,
                [
                    .. workloads.Where(guest =>
                        guest.Spec.Process == owner.Metadata.Name
                        && guest.Metadata.Namespace == owner.Metadata.Namespace
                        && guest.Metadata.Name != owner.Metadata.Name),
                ])),
        ];
    }

    /// <summary>What is wrong with a plan on this very host: folders and programs that do not exist.</summary>
    public static string? Problem(ProcessPlan plan)
    {
        var place = $"{plan.Owner.File}:{plan.Owner.Line}: Workload {plan.Owner.Metadata.Name}: spec.run";
        if (!Directory.Exists(plan.Directory))
        {
            return $"{place}.dir: the folder {plan.Directory} does not exist";
        }

        try
        {
            var searchPath = plan.Run.Env.TryGetValue("PATH", out var path) ? path : Environment.GetEnvironmentVariable("PATH");
            ProgramPath.Find(plan.Run.Command, plan.Directory, searchPath);
            return null;
        }
        catch (SpawnException exception)
        {
            return $"{place}.command: {exception.Message}";
        }
    }
}
