using Banyan.Model;

namespace Banyan.Control.Store;

/// <summary>A configured path in the store. Belongs to the writer's thread.</summary>
internal sealed class SourceState(string path)
{
    /// <summary>The path as it was given.</summary>
    public string Path { get; } = path;

    /// <summary>Whether another replica watches it: its files come from the database.</summary>
    public bool IsRemote { get; init; }

    /// <summary>Whether its first load is done, or its last good state was restored.</summary>
    public bool IsLoaded { get; set; }

    /// <summary>Whether the path exists; true until somebody looked.</summary>
    public bool Exists { get; set; } = true;

    /// <summary>Whether somebody looked.</summary>
    public bool WasSeen { get; set; }

    /// <summary>The files' last good contents, which are in effect.</summary>
    public Dictionary<string, FileContent> Good { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Contents that were refused; they are tried again together with the next change.</summary>
    public Dictionary<string, FileContent> Refused { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Removals that wait for the user's word.</summary>
    public Dictionary<string, HeldRemoval> Held { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Why contents were refused.</summary>
    public EquatableList<Problem> Problems { get; set; } = [];
}

/// <summary>A file whose removal is held: its last good content stays in effect.</summary>
/// <param name="Content">What the file holds now: nothing.</param>
/// <param name="Objects">How many objects it held.</param>
internal sealed record HeldRemoval(FileContent Content, int Objects)
{
    /// <summary>In words.</summary>
    public string Reason(int live) =>
        $"{(Content.IsRemoved ? "removed" : "emptied")} while it held {Objects} of {live} objects; "
        + $"`banyan apply --accept-removal {Content.Path}` lets it take effect";
}
