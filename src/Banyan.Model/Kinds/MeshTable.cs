using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>Fields of a Mesh.</summary>
internal static class MeshTable
{
    private static readonly ObjectShape<MeshMutualTls> MutualTls = new(
        new Field<MeshMutualTls, MutualTlsMode>(
            "mode", MutualTlsTable.Mode, m => m.Mode, (m, v) => m with { Mode = v }, MutualTlsTable.ModeText));

    private static readonly ObjectShape<MeshTracingExporter> Exporter = new(
        new Field<MeshTracingExporter, string>("otlp", SharedShapes.AnyText, e => e.Otlp, (e, v) => e with { Otlp = v }, "Address of an OTLP receiver; empty = the embedded one only."));

    private static readonly ObjectShape<MeshTracing> Tracing = new(
        new Field<MeshTracing, double>(
            "sampleRate",
            new NumberShape(0, 1),
            t => t.SampleRate,
            (t, v) => t with { SampleRate = v },
            "Share of traces that are kept."),
        new Field<MeshTracing, MeshTracingExporter>("exporter", Exporter, t => t.Exporter, (t, v) => t with { Exporter = v }, "Where traces go."));

    private static readonly ObjectShape<MeshNaming> Naming = new(
        new Field<MeshNaming, string>("pattern", new TextShape { Check = RegexCheck.Check }, n => n.Pattern, (n, v) => n with { Pattern = v }, "Regular expression that names must match; empty = no rule."));

    private static readonly ObjectShape<MeshCertificates> Certificates = new(
        new Field<MeshCertificates, TimeSpan>(
            "leafTtl", Ttl(TimeSpan.FromSeconds(10), TimeSpan.FromDays(7)), c => c.LeafTtl, (c, v) => c with { LeafTtl = v }, "Life of a workload's certificate."),
        new Field<MeshCertificates, TimeSpan>(
            "intermediateTtl",
            Ttl(TimeSpan.FromMinutes(1), TimeSpan.FromDays(3650)),
            c => c.IntermediateTtl,
            (c, v) => c with { IntermediateTtl = v },
            "Life of the issuing certificate."),
        new Field<MeshCertificates, TimeSpan>("rootTtl", Ttl(TimeSpan.FromMinutes(1), TimeSpan.FromDays(10950)), c => c.RootTtl, (c, v) => c with { RootTtl = v }, "Life of the root certificate."))
    {
        Check = static (value, map, reading) =>
        {
            if (value.LeafTtl >= value.IntermediateTtl)
            {
                reading.Add(
                    map.Find("leafTtl") ?? map,
                    "leafTtl",
                    $"must be shorter than intermediateTtl ({DurationText.Format(value.IntermediateTtl)})");
            }

            if (value.IntermediateTtl >= value.RootTtl)
            {
                reading.Add(
                    map.Find("intermediateTtl") ?? map,
                    "intermediateTtl",
                    $"must be shorter than rootTtl ({DurationText.Format(value.RootTtl)})");
            }
        },
    };

    private static readonly ObjectShape<MeshSpec> Spec = new(
        new Field<MeshSpec, string>(
            "trustDomain",
            SharedShapes.Subdomain,
            s => s.TrustDomain,
            (s, v) => s with { TrustDomain = v },
            "SPIFFE trust domain."),
        new Field<MeshSpec, MeshMutualTls>(
            "mutualTls",
            MutualTls,
            s => s.MutualTls,
            (s, v) => s with { MutualTls = v },
            "Mutual TLS between proxies."),
        new Field<MeshSpec, OutboundMode>(
            "outbound",
            new EnumShape<OutboundMode>(("allow", OutboundMode.Allow), ("deny", OutboundMode.Deny)),
            s => s.Outbound,
            (s, v) => s with { Outbound = v },
            "What happens to requests for destinations outside the mesh."),
        new Field<MeshSpec, PathNormalization>(
            "pathNormalization",
            new EnumShape<PathNormalization>(
                ("canonical", PathNormalization.Canonical), ("off", PathNormalization.Off)),
            s => s.PathNormalization,
            (s, v) => s with { PathNormalization = v },
            "canonical: one form of the path is matched, authorized and forwarded; off: paths are forwarded raw."),
        new Field<MeshSpec, bool>(
            "debugHeaders",
            SharedShapes.Boolean,
            s => s.DebugHeaders,
            (s, v) => s with { DebugHeaders = v },
            "Let x-banyan-* header fields leave through gateways."),
        new Field<MeshSpec, MeshTracing>(
            "tracing", Tracing, s => s.Tracing, (s, v) => s with { Tracing = v }, "Tracing of the whole mesh."),
        new Field<MeshSpec, MeshNaming>(
            "naming", Naming, s => s.Naming, (s, v) => s with { Naming = v }, "Rules for names."),
        new Field<MeshSpec, MeshCertificates>("certificates", Certificates, s => s.Certificates, (s, v) => s with { Certificates = v }, "Life times of certificates."));

    public static readonly ObjectShape<Mesh> Shape = ObjectTable.Build<Mesh, MeshSpec>(
        ObjectMetaTable.WithLabel,
        Spec,
        m => m.Spec,
        (m, v) => m with { Spec = v },
        (mesh, map, reading) =>
        {
            if (mesh.Metadata.Name.Length > 0 && mesh.Metadata.Name != "default")
            {
                reading.Push("metadata");
                reading.Add(
                    (map.Find("metadata") as MapNode)?.Find("name") ?? map,
                    "name",
                    "there is one Mesh and its name is \"default\"");
                reading.Pop();
            }
        });

    private static DurationShape Ttl(TimeSpan least, TimeSpan most) => new() { Min = least, Max = most };
}
