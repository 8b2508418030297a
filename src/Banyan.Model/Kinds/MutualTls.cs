namespace Banyan.Model;

/// <summary>Whether workloads take plaintext beside mutual TLS.</summary>
public sealed record MutualTls : MeshObject
{
    public override string ApiVersion => "banyan.dev/v1alpha1";

    public override string Kind => nameof(MutualTls);

    public MutualTlsSpec Spec { get; init; } = new();
}

/// <summary>What a MutualTls says.</summary>
public sealed record MutualTlsSpec
{
    public MutualTlsSelector Selector { get; init; } = new();

    public MutualTlsMode Mode { get; init; } = MutualTlsMode.Permissive;

    /// <summary>Ports of the service that have another mode.</summary>
    public EquatableList<MutualTlsPort> Ports { get; init; } = [];
}

/// <summary>Which workloads of the object's namespace it is for; all fields must match, empty ones do.</summary>
public sealed record MutualTlsSelector
{
    public string Service { get; init; } = "";

    public string Version { get; init; } = "";

    public EquatableMap Labels { get; init; } = EquatableMap.Empty;

    /// <summary>Whether it is for the whole namespace.</summary>
    public bool IsEmpty => Service.Length == 0 && Version.Length == 0 && Labels.Count == 0;
}

/// <summary>A port and its mode.</summary>
public sealed record MutualTlsPort
{
    public int Port { get; init; }

    public MutualTlsMode Mode { get; init; } = MutualTlsMode.Permissive;
}
