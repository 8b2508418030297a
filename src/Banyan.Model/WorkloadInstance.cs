using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Banyan.Model;

/// <summary>A running replica of a process: who runs where.</summary>
public sealed record WorkloadInstance
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
    };

    public string Namespace { get; init; } = ObjectMeta.DefaultNamespace;

    /// <summary>The Workload that owns the process.</summary>
    public string Workload { get; init; } = "";

    public int Replica { get; init; }

    public InstanceState State { get; init; }

    /// <summary>One for each service port, those of Workloads that share the process included.</summary>
    public EquatableList<InstancePort> Ports { get; init; } = [];

    /// <summary>Where its applications' proxy variables point, <c>IP:PORT</c>; may be empty.</summary>
    public string Outbound { get; init; } = "";

    public EquatableList<InstanceUpstream> Upstreams { get; init; } = [];

    /// <summary>Path of the unix socket of the sidecar's admin listener.</summary>
    public string Admin { get; init; } = "";

    public int? Pid { get; init; }

    /// <summary>Whether its sidecar has an identity, and takes mutual TLS.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Secured { get; init; }

    /// <summary>The xDS node id, <c>NAMESPACE/WORKLOAD/REPLICA</c>.</summary>
    [JsonIgnore]
    public string NodeId => $"{Namespace}/{Workload}/{Replica}";

    public string ToJson() => JsonSerializer.Serialize(this, Options);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    public static bool TryParse(string json, [NotNullWhen(true)] out WorkloadInstance? instance, out string error)
    {
        instance = null;
        error = "";
        try
        {
            instance = Parse(json);
            return true;
        }
        catch (JsonException e)
        {
            error = e.Message;
            return false;
        }
    }

    /// <summary>The same, with the place of what is wrong.</summary>
    /// <exception cref="JsonException">It is not an instance.</exception>
    public static WorkloadInstance Parse(string json) =>
        JsonSerializer.Deserialize<WorkloadInstance>(json, Options)
        ?? throw new JsonException("null is not a workload instance");
}

/// <summary>How far a replica is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<InstanceState>))]
public enum InstanceState
{
    /// <summary>Has listeners, gets no requests yet.</summary>
    [JsonStringEnumMemberName("starting")]
    Starting,

    [JsonStringEnumMemberName("ready")]
    Ready,

    /// <summary>Keeps what is in flight, gets no new requests.</summary>
    [JsonStringEnumMemberName("draining")]
    Draining,
}

/// <summary>Where one service port of a replica is.</summary>
public sealed record InstancePort
{
    public string Service { get; init; } = "";

    public string ServiceNamespace { get; init; } = ObjectMeta.DefaultNamespace;

    public string Name { get; init; } = "";

    /// <summary>The service's port.</summary>
    public int Port { get; init; }

    /// <summary>Where the application listens, <c>IP:PORT</c>.</summary>
    public string App { get; init; } = "";

    /// <summary>Where its sidecar listens for it, <c>IP:PORT</c>; empty where it has none.</summary>
    public string Inbound { get; init; } = "";

    /// <summary>Where callers connect to: its sidecar, or the application itself where it has none.</summary>
    [JsonIgnore]
    public string Reached => Inbound.Length > 0 ? Inbound : App;
}

/// <summary>A fixed local port of a replica.</summary>
public sealed record InstanceUpstream
{
    /// <summary><c>S.NS</c>.</summary>
    public string Service { get; init; } = "";

    public int Port { get; init; }

    public string Local { get; init; } = "";
}
