using System.Text.Json.Nodes;

namespace Banyan.Model.Text;

internal sealed class BooleanShape : Shape<bool>
{
    public override bool TryRead(Node node, Reading reading, out bool value)
    {
        value = false;
        if (node is not ScalarNode { Kind: ScalarKind.Boolean } scalar)
        {
            return Wrong(node, reading, "true or false");
        }

        value = scalar.Text[0] is 't' or 'T';
        return true;
    }

    public override Node Write(bool value) => new ScalarNode(value ? "true" : "false", isPlain: true, 0, 0);

    public override JsonObject Schema() => new() { ["type"] = "boolean" };
}
