namespace Banyan.Model;

/// <summary>Which identity a workload's certificates bear. Pure.</summary>
public static class WorkloadIdentity
{
    /// <summary>The service account of a process: what its Workload says, else its service's name, else its own.</summary>
    /// <param name="owner">The Workload that owns the process.</param>
    public static string AccountOf(Workload owner) =>
        owner.Spec.ServiceAccount.Length > 0 ? owner.Spec.ServiceAccount
        : owner.Spec.Service.Length > 0 ? owner.Spec.Service
        : owner.Metadata.Name;

    /// <summary>The SPIFFE ID of a process.</summary>
    /// <param name="trustDomain">That of the mesh.</param>
    /// <param name="owner">The Workload that owns the process.</param>
    public static string Of(string trustDomain, Workload owner) =>
        $"{Domain(trustDomain)}/ns/{owner.Metadata.Namespace}/sa/{AccountOf(owner)}";

    /// <summary>The SPIFFE ID of a trust domain; the name of its anchors as a resource, too.</summary>
    public static string Domain(string trustDomain) => $"spiffe://{trustDomain}";
}
