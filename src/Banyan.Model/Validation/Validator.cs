namespace Banyan.Model;

/// <summary>Checks that need the whole set of objects: duplicates, versions, shared processes.</summary>
public static class Validator
{
    /// <summary>
    /// Every problem that refuses the set. References to what does not exist are not among them: they become
    /// conditions.
    /// </summary>
    public static EquatableList<Problem> Check(IEnumerable<MeshObject> objects)
    {
        var problems = new List<Problem>();
        var byKey = new Dictionary<ObjectKey, MeshObject>();
        foreach (var item in objects)
        {
            if (!byKey.TryAdd(item.Key, item))
            {
                problems.Add(ProblemAt.Of(item, "metadata.name", $"{item.Key} comes twice; first at {ProblemAt.Place(byKey[item.Key])}"));
            }
        }

        CheckMeshes(byKey.Values.OfType<Mesh>(), problems);
        CheckWorkloads([.. byKey.Values.OfType<Workload>()], problems);
        AuthorizationTargets.Check(
            byKey.Values.OfType<AuthorizationPolicy>(), byKey.Values.OfType<Mesh>().FirstOrDefault(), problems);
        return problems.ToEquatableList();
    }

    private static void CheckMeshes(IEnumerable<Mesh> meshes, List<Problem> problems)
    {
        Mesh? first = null;
        foreach (var mesh in meshes)
        {
            if (first is not null)
            {
                problems.Add(ProblemAt.Of(mesh, "metadata.namespace", $"there is one Mesh; first at {ProblemAt.Place(first)}"));
            }

            first ??= mesh;
        }
    }

    private static void CheckWorkloads(List<Workload> workloads, List<Problem> problems)
    {
        var byService = new Dictionary<(string Namespace, string Service), List<Workload>>();
        var ports = new Dictionary<(string Namespace, string Owner, string Service, int Port), Workload>();
        foreach (var workload in workloads)
        {
            if (workload.Spec.Service.Length == 0)
            {
                continue;
            }

            var key = (workload.Metadata.Namespace, workload.Spec.Service);
            if (!byService.TryGetValue(key, out var list))
            {
                byService.Add(key, list = []);
            }

            list.Add(workload);
            for (var i = 0; i < workload.Spec.Ports.Count; i++)
            {
                var port = workload.Spec.Ports[i].Port;
                var place = (key.Namespace, workload.ProcessOwner, key.Service, port);
                if (!ports.TryAdd(place, workload) && !ReferenceEquals(ports[place], workload))
                {
                    problems.Add(ProblemAt.Of(
                        workload,
                        $"spec.ports[{i}].port",
                        $"the process of {workload.ProcessOwner} already serves {key.Service}:{port} as Workload {ports[place].Metadata.Name}, {ProblemAt.Place(ports[place])}"));
                }
            }
        }

        foreach (var (key, list) in byService)
        {
            foreach (var workload in list)
            {
                if (list.Count > 1 && workload.Spec.Version.Length == 0)
                {
                    var other = ReferenceEquals(list[0], workload) ? list[1] : list[0];
                    problems.Add(ProblemAt.Of(
                        workload,
                        "spec.version",
                        $"is required: the service {key.Service} has several workloads (also {other.Metadata.Name}, {ProblemAt.Place(other)})"));
                }
            }
        }
    }
}
