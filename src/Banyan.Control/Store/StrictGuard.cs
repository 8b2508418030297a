using Banyan.Control.Reports;
using Banyan.Model;

namespace Banyan.Control.Store;

/// <summary>Keeps a change from cutting off callers that have no identity yet.</summary>
/// <param name="callers">Who called in plaintext of late, by the service port that was called.</param>
internal sealed class StrictGuard(
    Func<IReadOnlyDictionary<(string Namespace, string Service, int Port), List<PlaintextCaller>>> callers)
{
    /// <summary>A problem for each port that would not take the callers of the last day any more.</summary>
    /// <param name="before">All objects as they are.</param>
    /// <param name="after">All objects as they would be.</param>
    /// <param name="blame">What was written: the place of the first object that says strict, or else the first.</param>
    public EquatableList<Problem> Check(
        IEnumerable<MeshObject> before, IEnumerable<MeshObject> after, IReadOnlyList<MeshObject> blame)
    {
        var (old, next) = (before.ToList(), after.ToList());
        var (had, has) = (MutualTlsModes.Of(old), MutualTlsModes.Of(next));
        var known = old.OfType<Workload>().ToDictionary(each => each.Key);
        var switched = next.OfType<Workload>()
            .SelectMany(workload => workload.Spec.Ports.Select(port => (Workload: workload, port.Port)))
            .Where(each => Mode(has, each.Workload, each.Port) == MutualTlsMode.Strict

                // One that is new has had no callers.
                && known.TryGetValue(each.Workload.Key, out var was)
                && Mode(had, was, each.Port) == MutualTlsMode.Permissive)
            .Select(each => (each.Workload.Metadata.Namespace, each.Workload.Spec.Service, each.Port))
            .Distinct().ToList();
        if (switched.Count == 0)
        {
            return [];
        }

        var seen = callers();
        var place = blame.FirstOrDefault(IsStrict) ?? blame.FirstOrDefault();
        return switched.Where(seen.ContainsKey).Order().Select(port => new Problem(
            place?.File ?? "",
            place?.Line ?? 0,
            place?.Column ?? 0,
            place is Mesh ? "spec.mutualTls.mode" : place is null ? "" : "spec.mode",
            $"{port.Service}.{port.Namespace}:{port.Port} would refuse who called it in plaintext in the last 24 h: "
            + $"{string.Join(", ", seen[port])}; give them a sidecar with an identity, or apply it with --force"))
            .ToEquatableList();
    }

    private static bool IsStrict(MeshObject item) => item switch
    {
        Mesh mesh => mesh.Spec.MutualTls.Mode == MutualTlsMode.Strict,
        MutualTls tls => tls.Spec.Mode == MutualTlsMode.Strict
            || tls.Spec.Ports.Any(port => port.Mode == MutualTlsMode.Strict),
        _ => false,
    };

    private static MutualTlsMode Mode(MutualTlsModes modes, Workload workload, int port) =>
        modes.At(workload.Metadata.Namespace, workload.Spec.Service, workload, port);
}
