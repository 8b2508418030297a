using System.Text.Json.Nodes;

namespace Banyan.Model.Text;

/// <summary>An object that is kept as written.</summary>
internal sealed class RawShape : Shape<RawValue>
{
    public override bool TryRead(Node node, Reading reading, out RawValue value)
    {
        value = new RawValue("{}");
        if (node is not MapNode)
        {
            return Wrong(node, reading, "an object");
        }

        value = new RawValue(JsonEmitter.Write(node, indented: false));
        return true;
    }

    // What is read here was written by the emitter, so it is one JSON object.
    public override Node Write(RawValue value) =>
        JsonText.TryRead(value.Json, new Reading(""), out var roots, out _) && roots.Count == 1 ? roots[0] : new MapNode([], 0, 0);

    public override JsonObject Schema() => new() { ["type"] = "object" };
}
