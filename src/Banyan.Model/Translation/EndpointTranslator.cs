using Banyan.Xds;
using Google.Protobuf.WellKnownTypes;

namespace Banyan.Model;

/// <summary>Who stands behind a service port right now.</summary>
internal sealed class EndpointTranslator(IReadOnlyList<Workload> workloads, InstanceIndex instances, PortIndex ports)
{
    private readonly Dictionary<(string Namespace, string Name), Workload> _workloads =
        workloads.ToDictionary(w => (w.Metadata.Namespace, w.Metadata.Name));

    /// <summary>How callers probe the endpoints of a port that have no sidecar: as the first workload with a health check
    /// says that has such.</summary>
    public HealthPlan? Health(ResolvedPort port) => port.Backings.Select(FixedHealth).FirstOrDefault(plan => plan is not null);

    /// <summary>Who callers of a port may meet; null while nobody there takes mutual TLS.</summary>
    public PeerPlan? Peers(ResolvedPort port, string trustDomain) => port.Backings.Any(IsSecured)
        ? new PeerPlan(trustDomain, port.Backings
            .Select(backing => WorkloadIdentity.Of(trustDomain, Owner(backing.Workload) ?? backing.Workload))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToEquatableList())
        : null;

    /// <summary>All that <see cref="Translate"/> depends on beside the name.</summary>
    public IEnumerable<object?> Inputs(ResolvedPort port)
    {
        yield return Health(port);
        foreach (var (workload, workloadPort) in port.Backings)
        {
            yield return workload;
            yield return workloadPort;
            yield return Owner(workload);
            foreach (var instance in instances.Of(workload.Metadata.Namespace, workload.ProcessOwner))
            {
                yield return instance;
            }
        }
    }

    public ClusterLoadAssignment Translate(string name, ResolvedPort port)
    {
        var health = Health(port);
        var localities = new SortedDictionary<string, LocalityLbEndpoints>(StringComparer.Ordinal);
        foreach (var (workload, workloadPort) in port.Backings)
        {
            var owner = Owner(workload);
            var zone = (owner ?? workload).Spec.Zone;
            var fixedOnes = Fixed(workload, workloadPort, owner).Select(each => (each, Probed: Probing.AtItsPort));
            foreach (var (endpoint, probed) in fixedOnes.Concat(Running(workload, workloadPort)))
            {
                Probe(endpoint.Endpoint, probed, health, new Backing(workload, workloadPort));
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

    /// <summary>The workload of that name; null when there is none.</summary>
    public Workload? Find(string scope, string name) => _workloads.GetValueOrDefault((scope, name));

    private HealthPlan? FixedHealth(Backing backing)
    {
        var owner = Owner(backing.Workload);
        return owner is not null && (owner.Spec.Addresses.Count > 0 || HasBare(owner)) ? HealthPlan.Of(owner, ports) : null;
    }

    private Workload? Owner(Workload workload) =>
        _workloads.GetValueOrDefault((workload.Metadata.Namespace, workload.ProcessOwner));

    private bool IsSecured(Backing backing) =>
        instances.Of(backing.Workload.Metadata.Namespace, backing.Workload.ProcessOwner).Any(each => each.Secured);

    /// <summary>Whether something of it runs without a sidecar.</summary>
    private bool HasBare(Workload owner) => owner.Spec.Health is not null
        && instances.Of(owner.Metadata.Namespace, owner.Metadata.Name)
            .Any(instance => instance.Ports.Any(port => port.Inbound.Length == 0));

    /// <summary>Says where an endpoint is probed; one with a sidecar of its own, or with another health check than the
    /// cluster's, is not.</summary>
    private void Probe(Endpoint endpoint, Probing probed, HealthPlan? health, Backing backing)
    {
        if (health is null)
        {
            return;
        }

        if (probed == Probing.No || FixedHealth(backing) is not { } own
            || own.Health != health.Health || own.Http2 != health.Http2)
        {
            endpoint.HealthCheckConfig = new Endpoint.Types.HealthCheckConfig { DisableActiveHealthCheck = true };
        }
        else if (probed == Probing.AtItsPort && own.Port is { } port)
        {
            var number = port.TargetPort > 0 ? port.TargetPort : port.Port;
            endpoint.HealthCheckConfig = ClusterTranslator.Probed(endpoint.Address, number).HealthCheckConfig;
        }
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

    private IEnumerable<(LbEndpoint Endpoint, Probing Probed)> Running(Workload workload, WorkloadPort port)
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
                    && Encode.Address(running.Reached) is { } address)
                {
                    var isMeshed = running.Inbound.Length > 0;
                    var state = instance.State == InstanceState.Draining ? HealthStatus.Draining : HealthStatus.Healthy;
                    var endpoint = Endpoint(address, workload, isMeshed, state);
                    if (isMeshed && instance.Secured)
                    {
                        TransportTranslator.Secure(endpoint);
                    }

                    yield return (endpoint, isMeshed ? Probing.No : Probing.WhereItListens);
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

    /// <summary>Where callers probe an endpoint.</summary>
    private enum Probing
    {
        /// <summary>They do not: its sidecar does.</summary>
        No,

        /// <summary>At its own address.</summary>
        WhereItListens,

        /// <summary>At the port that the workload is probed at.</summary>
        AtItsPort,
    }

    private static Locality LocalityOf(string zone)
    {
        var slash = zone.IndexOf('/');
        return slash < 0 ? new Locality() : new Locality { Region = zone[..slash], Zone = zone[(slash + 1)..] };
    }
}
