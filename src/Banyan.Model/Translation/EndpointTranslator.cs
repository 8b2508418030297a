using Banyan.Xds;
using Google.Protobuf.WellKnownTypes;

namespace Banyan.Model;

/// <summary>Who stands behind a service port right now.</summary>
internal sealed class EndpointTranslator(IReadOnlyList<Workload> workloads, InstanceIndex instances)
{
    private readonly Dictionary<(string Namespace, string Name), Workload> _workloads =
        workloads.ToDictionary(w => (w.Metadata.Namespace, w.Metadata.Name));

    /// <summary>All that <see cref="Translate"/> depends on beside the name.</summary>
    public IEnumerable<object?> Inputs(ResolvedPort port)
    {
        foreach (var (workload, workloadPort) in port.Backings)
        {
            yield return workload;
            yield return workloadPort;
            yield return _workloads.GetValueOrDefault((workload.Metadata.Namespace, workload.ProcessOwner));
            foreach (var instance in instances.Of(workload.Metadata.Namespace, workload.ProcessOwner))
            {
                yield return instance;
            }
        }
    }

    public ClusterLoadAssignment Translate(string name, ResolvedPort port)
    {
        var localities = new SortedDictionary<string, LocalityLbEndpoints>(StringComparer.Ordinal);
        foreach (var (workload, workloadPort) in port.Backings)
        {
            _workloads.TryGetValue((workload.Metadata.Namespace, workload.ProcessOwner), out var owner);
            var zone = (owner ?? workload).Spec.Zone;
            foreach (var endpoint in Fixed(workload, workloadPort, owner).Concat(Running(workload, workloadPort)))
            {
                if (!localities.TryGetValue(zone, out var locality))
                {
                    localities.Add(zone, locality = new LocalityLbEndpoints { Locality = LocalityOf(zone) });
                }

                locality.LbEndpoints.Add(endpoint);
            }
        }

        var assignment = new ClusterLoadAssignment { ClusterName = name };
        foreach (var locality in localities.Values)
        {
            // Every locality has a weight above 0; in proportion, so that each endpoint gets the same share.
            locality.LoadBalancingWeight = (uint)locality.LbEndpoints.Count;
            assignment.Endpoints.Add(locality);
        }

        return assignment;
    }

    private static IEnumerable<LbEndpoint> Fixed(Workload workload, WorkloadPort port, Workload? owner)
    {
        var listening = port;
        if (workload.Spec.Process.Length > 0)
        {
            listening = owner?.Spec.Ports.FirstOrDefault(p => p.Name == port.Name);
        }

        if (owner is null || listening is null)
        {
            yield break;
        }

        var number = listening.TargetPort > 0 ? listening.TargetPort : listening.Port;
        foreach (var address in owner.Spec.Addresses)
        {
            yield return Endpoint(Encode.Address(address, number), workload, meshed: false, HealthStatus.Healthy);
        }
    }

    private IEnumerable<LbEndpoint> Running(Workload workload, WorkloadPort port)
    {
        foreach (var instance in instances.Of(workload.Metadata.Namespace, workload.ProcessOwner))
        {
            if (instance.State == InstanceState.Starting)
            {
                continue;
            }

            foreach (var running in instance.Ports)
            {
                if (running.Service == workload.Spec.Service
                    && running.ServiceNamespace == workload.Metadata.Namespace
                    && running.Port == port.Port
                    && Encode.Address(running.Inbound) is { } address)
                {
                    yield return Endpoint(
                        address,
                        workload,
                        meshed: true,
                        instance.State == InstanceState.Draining ? HealthStatus.Draining : HealthStatus.Healthy);
                }
            }
        }
    }

    private static LbEndpoint Endpoint(Address address, Workload workload, bool meshed, HealthStatus health) => new()
    {
        Endpoint = new Endpoint { Address = address },
        HealthStatus = health,
        Metadata = Encode.Metadata(
            ("workload", Value.ForString(workload.Metadata.Name)),
            ("version", Value.ForString(workload.Spec.Version)),
            ("meshed", Value.ForBool(meshed))),
    };

    private static Locality LocalityOf(string zone)
    {
        var slash = zone.IndexOf('/');
        return slash < 0 ? new Locality() : new Locality { Region = zone[..slash], Zone = zone[(slash + 1)..] };
    }
}
