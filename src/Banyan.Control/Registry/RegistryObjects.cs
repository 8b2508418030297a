using Banyan.Model;

namespace Banyan.Control.Registry;

/// <summary>The Workloads that registrations imply, where nobody wrote one. Pure.</summary>
internal static class RegistryObjects
{
    /// <summary>The owner of what registrations imply.</summary>
    public const string Owner = "registry";

    /// <summary>One Workload for each service and version, with the ports of all its endpoints.</summary>
    public static IEnumerable<Workload> Of(IEnumerable<Registration> registrations) => registrations
        .GroupBy(item => (item.Namespace, item.Workload))
        .Select(group => Make([.. group.OrderBy(item => item.Replica)]));

    /// <summary>The name of the Workload that a registration belongs to, when nobody wrote another for it.</summary>
    public static string NameOf(string service, string version) =>
        version.Length > 0 ? $"{service}-{version}" : service;

    private static Workload Make(List<Registration> group)
    {
        // What was said last counts; an empty word says nothing.
        var first = group[0];
        var tier = group.Select(item => item.Tier).LastOrDefault(tier => tier.Length > 0);
        var numbers = group.DistinctBy(item => item.Port).OrderBy(item => item.Port).ToList();
        return new Workload
        {
            Metadata = new ObjectMeta { Namespace = first.Namespace, Name = first.Workload },
            Spec = new WorkloadSpec
            {
                Service = first.Service,
                Version = first.Version,
                Owner = group.Select(item => item.Owner).LastOrDefault(owner => owner.Length > 0) ?? "",
                Tier = tier is null ? WorkloadTier.Standard : Enum.Parse<WorkloadTier>(tier, ignoreCase: true),
                Health = group.Select(item => item.Health).LastOrDefault(health => health is not null)?.OfWorkload(),
                Ports = numbers.Select(item => new WorkloadPort
                {
                    Name = numbers.Count > 1 ? $"p{item.Port}" : "",
                    Port = item.Port,
                    Protocol = Enum.Parse<PortProtocol>(item.Protocol, ignoreCase: true),
                }).ToEquatableList(),
            },
        };
    }
}
