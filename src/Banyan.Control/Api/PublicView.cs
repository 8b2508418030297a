using Banyan.Model;

namespace Banyan.Control.Api;

/// <summary>
/// What the TCP listener shows: every user of the machine can connect to it, and the environment of a process is
/// where its passwords are. The unix socket, which is for one user, shows all.
/// </summary>
internal static class PublicView
{
    private const string Hidden = "***";

    /// <summary>The object with the values of its environment hidden; their names stay.</summary>
    public static MeshObject Of(MeshObject item) => item is Workload { Spec.Run: { } run } workload
        ? workload with
        {
            Spec = workload.Spec with
            {
                Run = run with
                {
                    Env = new EquatableMap(run.Env.Keys.Select(name => KeyValuePair.Create(name, Hidden))),
                },
            },
        }
        : item;

    /// <summary>The instance without the path of its admin socket.</summary>
    public static WorkloadInstance Of(WorkloadInstance instance) => instance with { Admin = "" };
}
