using Banyan.Model;

namespace Banyan.Control.Store;

/// <summary>An object that is in effect, and its history.</summary>
/// <param name="Written">As its owner wrote it.</param>
/// <param name="Owner"><c>file:PATH</c> or <c>api</c>.</param>
/// <param name="CreatedAt">When the first revision that held it was made.</param>
/// <param name="CreatedRevision">That revision.</param>
/// <param name="Generation">Counts changes of the specification.</param>
/// <param name="Revision">The revision that changed it last.</param>
internal sealed record StoredObject(
    MeshObject Written, string Owner, DateTimeOffset CreatedAt, long CreatedRevision, long Generation, long Revision)
{
    /// <summary>The owner of what is applied over the API.</summary>
    public const string Api = "api";

    /// <summary>
    /// The object with the metadata that the store keeps; always the same one, so that who compares is quick.
    /// </summary>
    /// <remarks>
    /// Another writing is another <see cref="StoredObject"/>: <c>with</c> would copy what was made of this one.
    /// </remarks>
    public MeshObject Object { get; } = Written with
    {
        Metadata = Written.Metadata with
        {
            Generation = Generation, CreationTimestamp = CreatedAt, ResourceVersion = Revision.ToString(),
        },
    };

    /// <summary>Without what only a store may say, so that two writings compare by what their owners mean.</summary>
    public static MeshObject Normalize(MeshObject written) => written with
    {
        Metadata = written.Metadata with { Generation = 0, CreationTimestamp = null, ResourceVersion = "", Uid = "" },
    };

    /// <summary>Whether both say the same apart from their metadata.</summary>
    public static bool SameSpecification(MeshObject one, MeshObject other) =>
        one with { Metadata = other.Metadata } == other;
}

/// <summary>An object that was applied over the API.</summary>
/// <param name="Written">As it was applied.</param>
/// <param name="TakenFrom">The file it was taken from; while it is held here, the file's writing has no effect.</param>
/// <param name="By">Who applied it.</param>
internal sealed record ApiObject(MeshObject Written, string? TakenFrom, string By);
