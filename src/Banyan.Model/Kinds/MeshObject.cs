namespace Banyan.Model;

/// <summary>
/// An object of the configuration language, as the user wrote it. Immutable; compares by value (without its origin).
/// </summary>
public abstract record MeshObject
{
    public abstract string ApiVersion { get; }

    public abstract string Kind { get; }

    public ObjectMeta Metadata { get; init; } = new();

    public Origin Origin { get; init; } = Origin.None;

    public ObjectKey Key => new(Kind, Metadata.Namespace, Metadata.Name);

    public string File => Origin.File;

    public int Line => Origin.Line;

    public int Column => Origin.Column;
}
