using System.Collections.Immutable;
using Banyan.Control.Registry;
using Banyan.Control.Store.History;
using Banyan.Control.Store.Persistence;
using Banyan.Control.Tokens;
using Banyan.Model;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Store;

/// <summary>Makes a new set of writings the one in effect: revision, history, database.</summary>
internal sealed class Commit(IDatabase database, ILogger log, TimeProvider time)
{
    /// <summary>How often a change gives way to another replica's before it waits for the next turn.</summary>
    private const int Attempts = 10;

    /// <summary>
    /// Takes over what the files say now. The database comes second to what the user's files say: when it cannot be
    /// written, the change is in effect all the same, and written later.
    /// </summary>
    public List<ObjectChange> Files(
        StoreState state, IReadOnlyList<AdmittedFiles> admitted, WriteOrigin? origin = null)
    {
        state.Unsaved = state.Unsaved.With(admitted);
        return Settle(state, origin ?? WriteOrigin.Files(admitted[0].Source.Path));
    }

    /// <summary>Takes over what was applied over the API, once it is safe in the database.</summary>
    /// <exception cref="StoreFailedException">It could not be written; nothing has changed.</exception>
    /// <exception cref="RevisionConflictException">Another replica was first; nothing has changed.</exception>
    public List<ObjectChange> Api(StoreState state, Dictionary<ObjectKey, ApiObject> api, WriteOrigin origin)
    {
        var (next, changes) = Advance(state, api, state.Registrations);
        var draft = state.Unsaved.With(changes, state);
        Save(state, draft, next, api, origin);
        Stored(state);
        state.Api = api;
        return Accept(state, next, changes, origin.By);
    }

    /// <summary>Takes over who registered, once it is safe in the database.</summary>
    /// <param name="state">The state.</param>
    /// <param name="registrations">Who is registered then.</param>
    /// <param name="origin">Who changes it, and why.</param>
    /// <param name="target">What is changed, in words for the audit trail.</param>
    /// <exception cref="StoreFailedException">It could not be written; nothing has changed.</exception>
    /// <exception cref="RevisionConflictException">Another replica was first; nothing has changed.</exception>
    public void Registry(
        StoreState state, ImmutableDictionary<string, Registration> registrations, WriteOrigin origin, string target)
    {
        var (next, changes) = Advance(state, state.Api, registrations);
        var draft = state.Unsaved.With(changes, state);
        var extra = new DatabaseChange
        {
            Registrations =
                [.. registrations.Values.Where(item => state.Registrations.GetValueOrDefault(item.Id) != item)],
            RemovedRegistrations = [.. state.Registrations.Keys.Where(id => !registrations.ContainsKey(id))],
        };
        Save(state, draft, next, state.Api, origin, extra, target);
        Stored(state);
        state.Registrations = registrations;
        Accept(state, next, changes, origin.By);
    }

    /// <summary>Takes over the tokens, once they are safe in the database.</summary>
    /// <exception cref="StoreFailedException">It could not be written; nothing has changed.</exception>
    public void Tokens(
        StoreState state, ImmutableDictionary<string, Token> tokens, WriteOrigin origin, string target)
    {
        Write(state, new DatabaseChange
        {
            Tokens = [.. tokens.Values.Where(token => state.Tokens.GetValueOrDefault(token.Id) != token)],
            RemovedTokens = [.. state.Tokens.Keys.Where(id => !tokens.ContainsKey(id))],
            Audit = origin.Entry(0, time.GetUtcNow(), target),
        });
        state.Tokens = tokens;
    }

    /// <summary>Files that held nothing any more are gone.</summary>
    public void Release(StoreState state, IEnumerable<string> paths, WriteOrigin origin)
    {
        state.Unsaved = state.Unsaved.Without(paths);
        Settle(state, origin);
    }

    /// <summary>Writes what could not be written before.</summary>
    public void Flush(StoreState state)
    {
        if (!state.Unsaved.IsEmpty)
        {
            Settle(state, WriteOrigin.Files("files") with { Reason = "stored late: the database was away" });
        }
    }

    /// <summary>What would change if these were the API's objects.</summary>
    public (Dictionary<ObjectKey, StoredObject> Live, List<ObjectChange> Changes) Preview(
        StoreState state, Dictionary<ObjectKey, ApiObject> api) =>
        Advance(state, api, state.Registrations);

    /// <summary>Takes up what other replicas have written, and writes what they do not have.</summary>
    /// <exception cref="StoreFailedException">The database cannot be read; nothing has changed.</exception>
    public void Reconcile(StoreState state)
    {
        Restore.Refresh(state, database, log);
        if (!state.Unsaved.IsEmpty || Advance(state, state.Api, state.Registrations).Changes.Count > 0)
        {
            Settle(state, WriteOrigin.Files("files"));
        }
    }

    private List<ObjectChange> Settle(StoreState state, WriteOrigin origin)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (next, changes) = Advance(state, state.Api, state.Registrations);
            var draft = state.Unsaved.With(changes, state);
            try
            {
                Save(state, draft, next, state.Api, origin);
                Stored(state);
                return Accept(state, next, changes, origin.By);
            }
            catch (RevisionConflictException) when (attempt < Attempts)
            {
                if (Unreadable(state) is { } problem)
                {
                    return Late(problem);
                }
            }
            catch (Exception exception) when (exception is StoreFailedException or RevisionConflictException)
            {
                return Late(exception);
            }

            List<ObjectChange> Late(Exception exception)
            {
                if (exception.Message != state.StoreProblem)
                {
                    Log.NotSaved(log, exception.Message);
                }

                state.Unsaved = draft;
                state.StoreProblem = exception.Message;
                return Accept(state, next, changes, origin.By);
            }
        }
    }

    /// <summary>Takes up what others wrote; null, or why it cannot be read.</summary>
    private StoreFailedException? Unreadable(StoreState state)
    {
        try
        {
            Restore.Refresh(state, database, log);
            return null;
        }
        catch (StoreFailedException exception)
        {
            return exception;
        }
    }

    private static void Stored(StoreState state)
    {
        state.Unsaved = Unsaved.None;
        state.StoreProblem = state.UnsavedInstances.Count > 0 ? state.StoreProblem : null;
    }

    private static ObjectRow Row(StoredObject item, IReadOnlyDictionary<ObjectKey, ApiObject> api)
    {
        var key = item.Written.Key;
        var applied = item.Owner == StoredObject.Api ? api[key] : null;
        return new ObjectRow
        {
            Kind = key.Kind,
            Namespace = key.Namespace,
            Name = key.Name,
            Owner = item.Owner,
            TakenFrom = applied?.TakenFrom,
            AppliedBy = applied?.By,
            Content = applied is null ? null : ObjectWriter.ToJson(item.Written),
            CreatedAt = item.CreatedAt.ToString("O"),
            CreatedRevision = item.CreatedRevision,
            Generation = item.Generation,
            Revision = item.Revision,
        };
    }

    private (Dictionary<ObjectKey, StoredObject> Live, List<ObjectChange> Changes) Advance(
        StoreState state,
        IReadOnlyDictionary<ObjectKey, ApiObject> api,
        ImmutableDictionary<string, Registration> registrations) => LiveSet.Advance(
            state.Live, LiveSet.Choose(state, api, registrations), state.Revision + 1, time.GetUtcNow());

    private void Save(
        StoreState state,
        Unsaved draft,
        Dictionary<ObjectKey, StoredObject> next,
        IReadOnlyDictionary<ObjectKey, ApiObject> api,
        WriteOrigin origin,
        DatabaseChange? extra = null,
        string target = "")
    {
        if (draft.IsEmpty && extra is null)
        {
            return;
        }

        var isNew = draft.Objects.Count > 0;
        var current = state.Revision;
        var rows = (extra ?? new DatabaseChange()) with
        {
            Revision = isNew ? current + 1 : null,
            Expected = state.Marks,
            Audit = isNew || extra is not null
                ? origin.Entry(isNew ? current + 1 : 0, time.GetUtcNow(), target)
                : null,
        };
        foreach (var (key, before) in draft.Objects)
        {
            if (next.GetValueOrDefault(key) is { } item)
            {
                rows.Objects.Add(Row(item, api));
            }
            else
            {
                rows.RemovedObjects.Add(key);
            }

            if (ObjectHistory.Row(key, current + 1, before, next.GetValueOrDefault(key)) is { } history)
            {
                rows.History.Add(history);
            }
        }

        foreach (var (path, file) in draft.Files)
        {
            if (file is null)
            {
                rows.RemovedFiles.Add(path);
            }
            else
            {
                rows.Files.Add(file);
            }
        }

        Write(state, rows);
    }

    private void Write(StoreState state, DatabaseChange change)
    {
        database.Save(change);
        state.Marks = state.Marks.After(change);
    }

    private List<ObjectChange> Accept(
        StoreState state,
        Dictionary<ObjectKey, StoredObject> next,
        List<ObjectChange> changes,
        string from)
    {
        if (changes.Count > 0)
        {
            // A revision is what the database holds: what could not be written makes none until it is.
            Log.Changed(log, state.Unsaved.IsEmpty ? state.Revision : state.Revision + 1, changes.Count, from);
        }

        state.Live = next;
        return changes;
    }
}

/// <summary>Files of a source that were admitted.</summary>
internal sealed record AdmittedFiles(SourceState Source, IReadOnlyCollection<FileContent> Files);
