using System.Text.Json.Nodes;

namespace Banyan.Model.Text;

/// <summary>A value type that may be absent.</summary>
internal sealed class OptionalShape<T>(Shape<T> shape) : Shape<T?>
    where T : struct
{
    public override bool TryRead(Node node, Reading reading, out T? value)
    {
        var good = shape.TryRead(node, reading, out var read);
        value = read;
        return good;
    }

    public override Node Write(T? value) => shape.Write(value!.Value);

    public override JsonObject Schema() => shape.Schema();
}
