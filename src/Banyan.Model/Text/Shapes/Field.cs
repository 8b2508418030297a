using System.Text.Json.Nodes;

namespace Banyan.Model.Text;

/// <summary>A field of an object: its name, what it is for, and how to get at it.</summary>
internal abstract class Field<TOwner>(string name, string doc)
{
    public string Name { get; } = name;

    /// <summary>One sentence for editors.</summary>
    public string Doc { get; } = doc;

    public bool Required { get; init; }

    /// <summary>Written even when it is the default.</summary>
    public bool IsAlwaysWritten { get; init; }

    /// <summary>The owner with the field as the node says, or as before when the node is wrong.</summary>
    public abstract TOwner Read(TOwner owner, Node node, Reading reading);

    /// <summary>The value, or null when it is the default and need not be written.</summary>
    public abstract Node? Write(TOwner owner, TOwner defaults);

    public abstract JsonObject Schema(TOwner defaults);
}

/// <summary>A field with a value of its own.</summary>
internal sealed class Field<TOwner, TValue>(
    string name,
    Shape<TValue> shape,
    Func<TOwner, TValue?> get,
    Func<TOwner, TValue, TOwner> set,
    string doc) : Field<TOwner>(name, doc)
{
    public override TOwner Read(TOwner owner, Node node, Reading reading) =>
        shape.TryRead(node, reading, out var value) || shape.KeepsParts ? set(owner, value!) : owner;

    public override Node? Write(TOwner owner, TOwner defaults)
    {
        var value = get(owner);
        return value is null || (!Required && !IsAlwaysWritten && EqualityComparer<TValue>.Default.Equals(value, get(defaults))) ? null : shape.Write(value);
    }

    public override JsonObject Schema(TOwner defaults)
    {
        var schema = shape.Schema();
        if (!Required && get(defaults) is { } value && shape.Write(value) is ScalarNode scalar && scalar.Text.Length > 0)
        {
            schema["default"] = scalar.IsPlain ? JsonNode.Parse(scalar.Text) : scalar.Text;
        }

        return schema;
    }
}

/// <summary>A field that Kubernetes knows and this product leaves aside.</summary>
internal sealed class IgnoredField<TOwner>(string name) : Field<TOwner>(name, "Read and left aside.")
{
    public override TOwner Read(TOwner owner, Node node, Reading reading) => owner;

    public override Node? Write(TOwner owner, TOwner defaults) => null;

    public override JsonObject Schema(TOwner defaults) => [];
}
