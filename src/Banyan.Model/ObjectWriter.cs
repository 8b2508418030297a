using System.Globalization;
using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>
/// Objects back to text. What equals its default is left out; reading the text again gives an equal object.
/// </summary>
public static class ObjectWriter
{
    /// <summary>One YAML document, without <c>---</c>.</summary>
    public static string ToYaml(MeshObject item, ObjectStatus? status = null) => YamlEmitter.Write(Write(item, status));

    /// <summary>One JSON object.</summary>
    public static string ToJson(MeshObject item, ObjectStatus? status = null, bool indented = false) =>
        JsonEmitter.Write(Write(item, status), indented);

    private static MapNode Write(MeshObject item, ObjectStatus? status)
    {
        var map = KindTable.Of(item).Write(item);
        return status is null ? map : new MapNode([.. map.Entries, Entry("status", Status(status))], 0, 0);
    }

    private static MapNode Status(ObjectStatus status)
    {
        var entries = new List<MapEntry>();
        if (status.Conditions.Count > 0)
        {
            entries.Add(Entry("conditions", Conditions(status.Conditions)));
        }

        if (status.Parents.Count > 0)
        {
            entries.Add(Entry("parents", new ListNode([.. status.Parents.Select(Parent)], 0, 0)));
        }

        return new MapNode(entries, 0, 0);
    }

    private static MapNode Parent(ParentStatus parent) => new(
    [
        Entry("parentRef", RouteShapes.Parent.Write(parent.ParentRef)),
        Entry("controllerName", Text(ParentStatus.ControllerName)),
        Entry("conditions", Conditions(parent.Conditions)),
    ],
        0,
        0);

    private static ListNode Conditions(EquatableList<Condition> conditions) => new(
        [.. conditions.Select(Condition)], 0, 0);

    private static MapNode Condition(Condition condition) => new(
    [
        Entry("type", Text(condition.Type)),
        Entry("status", Text(condition.IsTrue ? "True" : "False")),
        Entry("reason", Text(condition.Reason)),
        Entry("message", Text(condition.Message)),
        Entry(
            "observedGeneration",
            new ScalarNode(condition.ObservedGeneration.ToString(CultureInfo.InvariantCulture), isPlain: true, 0, 0)),
    ],
        0,
        0);

    private static MapEntry Entry(string name, Node value) => new(Text(name), value);

    private static ScalarNode Text(string text) => new(text, isPlain: false, 0, 0);
}
