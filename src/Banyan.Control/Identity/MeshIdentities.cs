using Banyan.Control.Store;
using Banyan.Model;

namespace Banyan.Control.Identity;

/// <summary>Which identity a workload has, and how long certificates live, by what is in effect. Pure.</summary>
internal static class MeshIdentities
{
    /// <summary>The namespace of the control plane's own identity, which nobody else gets.</summary>
    public const string OwnNamespace = "banyan-system";

    private const string OwnAccount = "control-plane";

    private static readonly ObjectKey MeshKey = new(nameof(Mesh), ObjectMeta.DefaultNamespace, "default");
    private static readonly MeshSpec Defaults = new();

    /// <summary>What the Mesh object says; its defaults where there is none.</summary>
    public static MeshSpec Mesh(StoreView view) =>
        view.Objects.GetValueOrDefault(MeshKey)?.Object is Mesh mesh
            ? mesh.Spec
            : view.Objects.Values.Select(each => each.Object).OfType<Mesh>().FirstOrDefault()?.Spec ?? Defaults;

    /// <summary>The identity that the control plane shows.</summary>
    public static SpiffeId Own(StoreView view) => new(Mesh(view).TrustDomain, OwnNamespace, OwnAccount);

    /// <summary>
    /// The identity of a workload: its service account, else its service's name, else its own; that of the workload
    /// whose process it shares. Null when there is no such workload.
    /// </summary>
    public static SpiffeId? Of(StoreView view, string ns, string workload)
    {
        if (Find(view, ns, workload) is not { } found)
        {
            return null;
        }

        var owner = Find(view, ns, found.ProcessOwner) ?? found;
        return new SpiffeId(Mesh(view).TrustDomain, ns, WorkloadIdentity.AccountOf(owner));
    }

    private static Workload? Find(StoreView view, string ns, string name) =>
        view.Objects.GetValueOrDefault(new ObjectKey(nameof(Workload), ns, name))?.Object as Workload;
}
