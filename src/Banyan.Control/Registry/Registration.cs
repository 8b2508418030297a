using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Banyan.Model;

namespace Banyan.Control.Registry;

/// <summary>An endpoint that registered itself: no sidecar, no process of ours. Immutable; compares by value.</summary>
public sealed record Registration
{
    /// <summary>One for each registration, so that the compiler sees at a glance that nothing changed.</summary>
    private static readonly ConditionalWeakTable<Registration, WorkloadInstance> Made = [];

    /// <summary>The namespace of the service.</summary>
    public string Namespace { get; init; } = ObjectMeta.DefaultNamespace;

    /// <summary>The service.</summary>
    public string Service { get; init; } = "";

    /// <summary>Its version; empty = none.</summary>
    public string Version { get; init; } = "";

    /// <summary>Where it listens, <c>IP:PORT</c>.</summary>
    public string Address { get; init; } = "";

    /// <summary>The port that callers name, 1 to 65535.</summary>
    public int Port { get; init; } = 80;

    /// <summary>What is spoken there: http, http2, grpc, tcp, tls or auto.</summary>
    public string Protocol { get; init; } = "auto";

    /// <summary>Who answers for it; empty = unknown.</summary>
    public string Owner { get; init; } = "";

    /// <summary>critical, standard or batch; empty = not said.</summary>
    public string Tier { get; init; } = "";

    /// <summary>Seconds until it is forgotten without a heartbeat; 0 = never.</summary>
    public double Ttl { get; init; }

    /// <summary>How it is probed; null = not at all.</summary>
    public RegistrationHealth? Health { get; init; }

    /// <summary>Whether it gets no new requests although it stays.</summary>
    public bool Maintenance { get; init; }

    /// <summary>The Workload that it belongs to.</summary>
    public string Workload { get; init; } = "";

    /// <summary>Its number among the instances of that Workload.</summary>
    public int Replica { get; init; }

    /// <summary>What names it: namespace, service and address.</summary>
    [JsonIgnore]
    public string Id => IdOf(Namespace, Service, Address);

    /// <summary>How long it lives without a heartbeat; null = for ever.</summary>
    [JsonIgnore]
    public TimeSpan? Life => Ttl > 0 ? TimeSpan.FromSeconds(Ttl) : null;

    /// <summary>What names a registration.</summary>
    public static string IdOf(string space, string service, string address) => $"{space}/{service}/{address}";

    /// <summary>The endpoint as the compiler wants it; not compared, made of the rest.</summary>
    internal WorkloadInstance Instance() => Made.GetValue(this, static item => item.Make());

    private WorkloadInstance Make() => new()
    {
        Namespace = Namespace,
        Workload = Workload,
        Replica = Replica,
        State = Maintenance ? InstanceState.Draining : InstanceState.Ready,
        Ports =
        [
            new InstancePort
            {
                Service = Service, ServiceNamespace = Namespace, Port = Port, App = Address,
            },
        ],
    };

    internal string ToJson() => RegistryJson.Write(this);

    internal static Registration? TryParse(string text)
    {
        try
        {
            return RegistryJson.Read<Registration>(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>What is sent to register an endpoint; its address is in the request's address.</summary>
public sealed record RegistrationRequest
{
    /// <summary>The version; absent = none.</summary>
    public string Version { get; init; } = "";

    /// <summary>The port that callers name; absent = that of the service if it has one only, else 80.</summary>
    public int? Port { get; init; }

    /// <summary>http, http2, grpc, tcp, tls or auto.</summary>
    public string Protocol { get; init; } = "auto";

    /// <summary>Who answers for it.</summary>
    public string Owner { get; init; } = "";

    /// <summary>critical, standard or batch; empty = not said.</summary>
    public string Tier { get; init; } = "";

    /// <summary>Seconds until it is forgotten without a heartbeat, 1 to 86,400; absent = never.</summary>
    public double? Ttl { get; init; }

    /// <summary>How it is probed; absent = not at all.</summary>
    public RegistrationHealth? Health { get; init; }
}
