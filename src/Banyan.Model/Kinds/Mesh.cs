namespace Banyan.Model;

/// <summary>Settings of the whole mesh; there is one object, named <c>default</c>.</summary>
public sealed record Mesh : MeshObject
{
    public override string ApiVersion => "banyan.dev/v1alpha1";

    public override string Kind => nameof(Mesh);

    public MeshSpec Spec { get; init; } = new();
}

/// <summary>What a Mesh says.</summary>
public sealed record MeshSpec
{
    public string TrustDomain { get; init; } = "banyan.local";

    public MeshMutualTls MutualTls { get; init; } = new();

    public OutboundMode Outbound { get; init; } = OutboundMode.Allow;

    public PathNormalization PathNormalization { get; init; } = PathNormalization.Canonical;

    /// <summary>Let <c>x-banyan-*</c> leave through gateways.</summary>
    public bool DebugHeaders { get; init; }

    public MeshTracing Tracing { get; init; } = new();

    public MeshNaming Naming { get; init; } = new();

    public MeshCertificates Certificates { get; init; } = new();
}

/// <summary>How the mesh authenticates.</summary>
public sealed record MeshMutualTls
{
    public MutualTlsMode Mode { get; init; } = MutualTlsMode.Permissive;
}

public enum MutualTlsMode
{
    Permissive,
    Strict,
}

/// <summary>What happens to destinations outside the mesh.</summary>
public enum OutboundMode
{
    Allow,
    Deny,
}

public enum PathNormalization
{
    Canonical,
    Off,
}

public sealed record MeshTracing
{
    public double SampleRate { get; init; } = 0.01;

    public MeshTracingExporter Exporter { get; init; } = new();
}

public sealed record MeshTracingExporter
{
    public string Otlp { get; init; } = "";
}

public sealed record MeshNaming
{
    public string Pattern { get; init; } = "";
}

public sealed record MeshCertificates
{
    public TimeSpan LeafTtl { get; init; } = TimeSpan.FromHours(24);

    public TimeSpan IntermediateTtl { get; init; } = TimeSpan.FromHours(2160);

    public TimeSpan RootTtl { get; init; } = TimeSpan.FromHours(87600);
}
