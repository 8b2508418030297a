using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;

namespace Banyan.Model.Text;

/// <summary>One form of value, declared once: how it is read and checked, written, and described to editors.</summary>
internal abstract class Shape<T>
{
    /// <summary>False when the node is not such a value; the problem then has been told.</summary>
    public abstract bool TryRead(Node node, Reading reading, [MaybeNullWhen(false)] out T value);

    /// <summary>Whether what could be read of a wrong value is kept, so that later checks see the rest.</summary>
    public virtual bool KeepsParts => false;

    public abstract Node Write(T value);

    public abstract JsonObject Schema();

    protected static bool Wrong(Node node, Reading reading, string expected)
    {
        reading.Add(node, $"expected {expected}, found {node.Describe()}");
        return false;
    }
}
