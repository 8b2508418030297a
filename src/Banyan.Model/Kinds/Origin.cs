using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>
/// Where an object was read. Two origins are always equal, so that objects compare by what they say, not by where they
/// stand.
/// </summary>
public sealed record Origin(string File, int Line, int Column)
{
    /// <summary>An object that was made by a program.</summary>
    public static Origin None { get; } = new("", 0, 0);

    /// <summary>The document, to find the position of a field that turns out wrong later.</summary>
    internal MapNode? Document { get; init; }

    /// <summary>Path of the document within its text: empty, or for example <c>items[2]</c>.</summary>
    internal string Prefix { get; init; } = "";

    public bool Equals(Origin? other) => other is not null;

    public override int GetHashCode() => 0;
}
