using System.Collections.Immutable;
using Banyan.Control.Api;
using Banyan.Control.Registry;
using Banyan.Control.Tokens;
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

    /// <summary>Endpoints that registered themselves.</summary>
    public ImmutableDictionary<string, Registration> Registrations { get; init; } =
        ImmutableDictionary<string, Registration>.Empty;

    /// <summary>Tokens of the API.</summary>
    public ImmutableDictionary<string, Token> Tokens { get; init; } = ImmutableDictionary<string, Token>.Empty;

    /// <summary>What the issuers of tokens sign with.</summary>
    public TokenKeys Keys { get; init; } = TokenKeys.None;

    /// <summary>What all came to; null before the first compilation.</summary>
    public CompiledMesh? Mesh { get; init; }

    /// <summary>Why something is in effect and not stored; null when all is stored.</summary>
    public string? StoreProblem { get; init; }

    /// <summary>Why the database could not be read since the start; null once it was.</summary>
    public string? Awaited { get; init; }

    /// <summary>Makes a view of the writer's state.</summary>
    public static StoreView Of(StoreState state, CompiledMesh? compiled) => new()
    {
        Revision = state.Revision,
        IsReady = state.Awaited is null && state.Sources.All(source => source.IsLoaded),
        Awaited = state.Awaited,
        Objects = state.Live,
        Instances = new Dictionary<string, InstanceEntry>(state.Instances, StringComparer.Ordinal),
        Sources = [.. state.Sources.Select(source => StatusOf(source, state))],
        Statuses = compiled?.Statuses ?? Empty.Statuses,
        Warnings = compiled?.Warnings ?? [],
        StoreProblem = state.StoreProblem ?? state.Awaited,
        Registrations = state.Registrations,
        Tokens = state.Tokens,
        Keys = state.Keys,
        Mesh = compiled,
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
