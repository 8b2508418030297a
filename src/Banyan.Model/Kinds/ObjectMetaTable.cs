using System.Globalization;
using System.Text.Json.Nodes;
using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>Fields of metadata. Open: whatever the API server writes there is taken.</summary>
internal static class ObjectMetaTable
{
    private static readonly MapShape Labels = new() { CheckKey = Names.CheckLabelKey, CheckValue = Names.CheckLabelValue };

    private static readonly MapShape Annotations = new() { CheckKey = Names.CheckLabelKey };

    /// <summary>Metadata of kinds whose names are DNS labels.</summary>
    public static readonly ObjectShape<ObjectMeta> WithLabel = Build(SharedShapes.RequiredLabel);

    /// <summary>Metadata of kinds whose names may hold dots.</summary>
    public static readonly ObjectShape<ObjectMeta> WithSubdomain =
        Build(new TextShape { Check = Names.CheckSubdomain, Pattern = Names.SubdomainPattern, MinLength = 1 });

    private static ObjectShape<ObjectMeta> Build(TextShape name) => new(
        new Field<ObjectMeta, string>("name", name, m => m.Name, (m, v) => m with { Name = v }, "Name of the object, unique among its kind in its namespace.") { Required = true },
        new Field<ObjectMeta, string>("namespace", SharedShapes.RequiredLabel, m => m.Namespace, (m, v) => m with { Namespace = v }, "Namespace of the object.") { IsAlwaysWritten = true },
        new Field<ObjectMeta, EquatableMap>(
            "labels", Labels, m => m.Labels, (m, v) => m with { Labels = v }, "Labels, which selectors choose by."),
        new Field<ObjectMeta, EquatableMap>(
            "annotations",
            Annotations,
            m => m.Annotations,
            (m, v) => m with { Annotations = v },
            "Notes of other tools."),
        new Field<ObjectMeta, string>(
            "uid", SharedShapes.AnyText, m => m.Uid, (m, v) => m with { Uid = v }, "Set by the server."),
        new Field<ObjectMeta, string>(
            "resourceVersion",
            SharedShapes.AnyText,
            m => m.ResourceVersion,
            (m, v) => m with { ResourceVersion = v },
            "Set by the server."),
        new Field<ObjectMeta, long>(
            "generation",
            new LongShape(),
            m => m.Generation,
            (m, v) => m with { Generation = v },
            "Set by the server."),
        new Field<ObjectMeta, DateTimeOffset?>("creationTimestamp", new OptionalShape<DateTimeOffset>(new TimestampShape()), m => m.CreationTimestamp, (m, v) => m with { CreationTimestamp = v }, "Set by the server."))
    {
        IsOpen = true,
    };

    /// <summary>RFC 3339, as Kubernetes writes it.</summary>
    private sealed class TimestampShape : Shape<DateTimeOffset>
    {
        public override bool TryRead(Node node, Reading reading, out DateTimeOffset value)
        {
            value = default;
            if (node is ScalarNode scalar
                && scalar.Text.Length >= 20
                && scalar.Text[10] is 'T'
                && DateTimeOffset.TryParse(scalar.Text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out value))
            {
                return true;
            }

            return Wrong(node, reading, "a time such as 2030-01-31T12:00:00Z");
        }

        public override Node Write(DateTimeOffset value) => new ScalarNode(
            value.ToUniversalTime().ToString(value.Ticks % TimeSpan.TicksPerSecond == 0 ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
            isPlain: false,
            0,
            0);

        public override JsonObject Schema() => new() { ["type"] = "string", ["format"] = "date-time" };
    }
}
