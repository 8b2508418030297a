using System.Globalization;
using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>Fields of a MutualTls.</summary>
internal static class MutualTlsTable
{
    /// <summary>The modes, for every kind that has them.</summary>
    public static readonly EnumShape<MutualTlsMode> Mode =
        new(("permissive", MutualTlsMode.Permissive), ("strict", MutualTlsMode.Strict));

    public const string ModeText = "permissive takes plaintext and mutual TLS; strict refuses plaintext.";

    private static readonly ObjectShape<MutualTlsSelector> Selector = new(
        new Field<MutualTlsSelector, string>(
            "service",
            SharedShapes.Label,
            s => s.Service,
            (s, v) => s with { Service = v },
            "Service of the workloads; empty = any."),
        new Field<MutualTlsSelector, string>(
            "version",
            SharedShapes.AnyText,
            s => s.Version,
            (s, v) => s with { Version = v },
            "Version of the workloads; empty = any."),
        new Field<MutualTlsSelector, EquatableMap>(
            "labels",
            new MapShape { CheckKey = Names.CheckLabelKey, CheckValue = Names.CheckLabelValue },
            s => s.Labels,
            (s, v) => s with { Labels = v },
            "Labels that the workloads must have."));

    private static readonly ObjectShape<MutualTlsPort> Port = new(
        new Field<MutualTlsPort, int>(
            "port", SharedShapes.Port, p => p.Port, (p, v) => p with { Port = v }, "Port of the service.")
        {
            Required = true,
        },
        new Field<MutualTlsPort, MutualTlsMode>("mode", Mode, p => p.Mode, (p, v) => p with { Mode = v }, ModeText)
        {
            Required = true,
        });

    private static readonly ObjectShape<MutualTlsSpec> Spec = new(
        new Field<MutualTlsSpec, MutualTlsSelector>(
            "selector",
            Selector,
            s => s.Selector,
            (s, v) => s with { Selector = v },
            "Workloads of this namespace; empty = all."),
        new Field<MutualTlsSpec, MutualTlsMode>("mode", Mode, s => s.Mode, (s, v) => s with { Mode = v }, ModeText),
        new Field<MutualTlsSpec, EquatableList<MutualTlsPort>>(
            "ports",
            new ListShape<MutualTlsPort>(Port)
            {
                Max = 64, Key = p => p.Port.ToString(CultureInfo.InvariantCulture), KeyField = "port",
            },
            s => s.Ports,
            (s, v) => s with { Ports = v },
            "Exceptions for ports of the service."));

    public static readonly ObjectShape<MutualTls> Shape = ObjectTable.Build<MutualTls, MutualTlsSpec>(
        ObjectMetaTable.WithSubdomain, Spec, m => m.Spec, (m, v) => m with { Spec = v });
}
