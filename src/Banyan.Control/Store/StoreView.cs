using Banyan.Control.Api;
using Banyan.Model;

namespace Banyan.Control.Store;

/// <summary>What the store holds, for readers. Immutable; swapped by one reference write.</summary>
internal sealed record StoreView
{
    /// <summary>The view before anything was loaded.</summary>
    public static StoreView Empty { get; } = new()
    {
        Objects = new Dictionary<ObjectKey, StoredObject>(),
        Instances = new Dictionary<string, InstanceEntry>(StringComparer.Ordinal),
        Sources = [],
        Statuses = new Dictionary<ObjectKey, ObjectStatus>(),
        Warnings = [],
    };

    /// <summary>Counts changes of the objects.</summary>
    public long Revision { get; init; }

    /// <summary>Whether every source finished its first load.</summary>
    public bool IsReady { get; init; }

    /// <summary>The objects in effect.</summary>
    public required IReadOnlyDictionary<ObjectKey, StoredObject> Objects { get; init; }

    /// <summary>Who runs where.</summary>
    public required IReadOnlyDictionary<string, InstanceEntry> Instances { get; init; }

    /// <summary>The configured paths.</summary>
    public required IReadOnlyList<SourceStatus> Sources { get; init; }

    /// <summary>Conditions of the objects.</summary>
    public required IReadOnlyDictionary<ObjectKey, ObjectStatus> Statuses { get; init; }

    /// <summary>What will not do what was meant.</summary>
    public required EquatableList<Problem> Warnings { get; init; }

    /// <summary>Makes a view of the writer's state.</summary>
    public static StoreView Of(StoreState state, CompiledMesh? compiled) => new()
    {
        Revision = state.Revision,
        IsReady = state.Sources.All(source => source.IsLoaded),
        Objects = state.Live,
        Instances = new Dictionary<string, InstanceEntry>(state.Instances, StringComparer.Ordinal),
        Sources = [.. state.Sources.Select(source => StatusOf(source, state))],
        Statuses = compiled?.Statuses ?? Empty.Statuses,
        Warnings = compiled?.Warnings ?? [],
    };

    private static SourceStatus StatusOf(SourceState source, StoreState state)
    {
        var problems = source.Problems.Select(ProblemEntry.Of).ToList();
        if (source.WasSeen && !source.Exists)
        {
            problems.Insert(0, new ProblemEntry(source.Path, 0, 0, "", "no such file or folder"));
        }

        var status = !source.WasSeen ? "loading"
            : source.Held.Count > 0 ? "held"
            : !source.Exists ? "missing"
            : problems.Count > 0 ? "refused"
            : "ok";
        return new SourceStatus(
            source.Path,
            status,
            [.. source.Held.Values.Select(held => new HeldFile(
                held.Content.Path, held.Objects, held.Reason(state.Live.Count)))],
            problems,
            source.Good.Values.Sum(file => file.Objects.Count));
    }
}
