using System.Data.Common;
using Banyan.Control.Tokens;
using Banyan.Model;
using Dapper;

namespace Banyan.Control.Store.Persistence;

/// <summary>All that SQLite and PostgreSQL say alike.</summary>
internal abstract partial class SqlDatabase(TimeProvider time) : IDatabase
{
    /// <summary>Changes are forgotten when there are so many newer ones.</summary>
    public const int KeptRevisions = 10_000;

    /// <summary>Changes are forgotten after this time.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(90);

    /// <summary>Old changes are looked for once in so many.</summary>
    private const int PruneEvery = 64;

    /// <inheritdoc />
    public abstract string Name { get; }

    /// <inheritdoc />
    public abstract bool IsShared { get; }

    /// <inheritdoc />
    public virtual bool IsLost => false;

    /// <inheritdoc />
    public virtual void Heal()
    {
    }

    /// <inheritdoc />
    public Marks Marks() => Read(db => db.QuerySingle<Marks>(
        """
        SELECT number AS Revision, files AS Files, instances AS Instances, registry AS Registry, tokens AS Tokens
        FROM revision
        """));

    /// <inheritdoc />
    public IReadOnlyList<ObjectRow> Objects() => Rows<ObjectRow>(
        """
        SELECT kind AS Kind, namespace AS Namespace, name AS Name, owner AS Owner, taken_from AS TakenFrom,
            applied_by AS AppliedBy, content AS Content, created_at AS CreatedAt,
            created_revision AS CreatedRevision, generation AS Generation, revision AS Revision
        FROM objects
        """);

    /// <inheritdoc />
    public IReadOnlyList<FileRow> Files() =>
        Rows<FileRow>("SELECT path AS Path, source AS Source, content AS Content FROM files");

    /// <inheritdoc />
    public IReadOnlyList<string> Instances() => Rows<string>("SELECT content FROM instances");

    /// <inheritdoc />
    public IReadOnlyList<string> Registrations() => Rows<string>("SELECT content FROM registrations");

    /// <inheritdoc />
    public IReadOnlyList<Token> Tokens() => Rows<Token>(
        """
        SELECT id AS Id, name AS Name, role AS Role, hash AS Hash, created_at AS CreatedAt, created_by AS CreatedBy,
            expires_at AS ExpiresAt FROM tokens
        """);

    /// <inheritdoc />
    public IReadOnlyList<AuditRow> Audit(int limit) => Rows<AuditRow>(
        $"SELECT {AuditColumns} FROM audit a ORDER BY a.id DESC LIMIT @limit", new { limit });

    /// <inheritdoc />
    public IReadOnlyList<Revision> History(HistoryQuery query) => Read(db =>
    {
        const string Match = """
            (@Kind IS NULL OR c.kind = @Kind) AND (@Namespace IS NULL OR c.namespace = @Namespace)
                AND (@Name IS NULL OR c.name = @Name)
            """;
        var entries = db.Query<AuditRow>(
            $"""
            SELECT {AuditColumns} FROM audit a
            WHERE a.revision > @After AND (@Before = 0 OR a.revision < @Before)
                AND EXISTS (SELECT 1 FROM object_changes c WHERE c.revision = a.revision AND {Match})
            ORDER BY a.revision {(query.OldestFirst ? "ASC" : "DESC")} LIMIT @Limit
            """,
            query).AsList();
        if (entries.Count == 0)
        {
            return (IReadOnlyList<Revision>)[];
        }

        var objects = db.Query<ObjectChangeRow>(
            $"SELECT {ChangeColumns} FROM object_changes c WHERE c.revision >= @Oldest AND c.revision <= @Newest "
            + $"AND {Match} ORDER BY c.kind, c.namespace, c.name",
            new
            {
                Oldest = entries.Min(entry => entry.Revision),
                Newest = entries.Max(entry => entry.Revision),
                query.Kind,
                query.Namespace,
                query.Name,
            }).ToLookup(row => row.Revision);
        return [.. entries.Select(entry => new Revision(entry, [.. objects[entry.Revision]]))];
    });

    /// <inheritdoc />
    public IReadOnlyList<ObjectChangeRow> FirstChangesAfter(long revision) => Rows<ObjectChangeRow>(
        $"""
        SELECT {ChangeColumns} FROM object_changes c WHERE c.revision = (
            SELECT MIN(f.revision) FROM object_changes f
            WHERE f.revision > @revision AND f.kind = c.kind AND f.namespace = c.namespace AND f.name = c.name)
        ORDER BY c.kind, c.namespace, c.name
        """,
        new { revision });

    /// <inheritdoc />
    public long? OldestChange() => Read(db => db.ExecuteScalar<long?>("SELECT MIN(revision) FROM object_changes"));

    /// <inheritdoc />
    public void Save(DatabaseChange change) => Write(
        change,
        (db, transaction) =>
        {
            Count(db, transaction, change);
            SaveObjects(db, transaction, change);
            SaveRuntime(db, transaction, change);
            SaveHistory(db, transaction, change);
        });

    /// <inheritdoc />
    public abstract void Dispose();

    /// <summary>Calls <paramref name="work"/> with an open connection.</summary>
    /// <exception cref="StoreFailedException">The database cannot be used.</exception>
    protected abstract T Read<T>(Func<DbConnection, T> work);

    /// <summary>Calls <paramref name="work"/> in a transaction in which nobody else writes, and commits.</summary>
    /// <exception cref="StoreFailedException">The database cannot be used.</exception>
    protected abstract void Write(DatabaseChange change, Action<DbConnection, DbTransaction> work);

    private const string AuditColumns = """
        a.revision AS Revision, a.made_at AS MadeAt, a.verb AS Verb, a.actor AS Actor, a.via AS Via,
            a.reason AS Reason, a.target AS Target
        """;

    private const string ChangeColumns = """
        c.revision AS Revision, c.kind AS Kind, c.namespace AS Namespace, c.name AS Name, c.action AS Action,
            c.owner_before AS OwnerBefore, c.taken_before AS TakenBefore, c.text_before AS TextBefore,
            c.owner_after AS OwnerAfter, c.text_after AS TextAfter
        """;

    private void Count(DbConnection db, DbTransaction transaction, DatabaseChange change)
    {
        var steps = new Marks().After(change);
        var isNext = 0 < db.Execute(
            """
            UPDATE revision SET number = CASE WHEN @Made > 0 THEN @Made ELSE number END, files = files + @Files,
                instances = instances + @Instances, registry = registry + @Registry, tokens = tokens + @Tokens
            WHERE @Shared = 0 OR ((@Made = 0 OR number = @Number) AND (@Registry = 0 OR registry = @Registered))
            """,
            new
            {
                Made = change.Revision ?? 0,
                steps.Files,
                steps.Instances,
                steps.Registry,
                steps.Tokens,
                Shared = IsShared ? 1 : 0,
                Number = change.Expected.Revision,
                Registered = change.Expected.Registry,
            },
            transaction);
        if (!isNext)
        {
            throw new RevisionConflictException();
        }
    }

    private static void SaveObjects(DbConnection db, DbTransaction transaction, DatabaseChange change)
    {
        db.Execute(
            """
            INSERT INTO objects VALUES (@Kind, @Namespace, @Name, @Owner, @TakenFrom, @AppliedBy,
                @Content, @CreatedAt, @CreatedRevision, @Generation, @Revision)
            ON CONFLICT (kind, namespace, name) DO UPDATE SET owner = excluded.owner,
                taken_from = excluded.taken_from, applied_by = excluded.applied_by, content = excluded.content,
                created_at = excluded.created_at, created_revision = excluded.created_revision,
                generation = excluded.generation, revision = excluded.revision
            """, change.Objects, transaction);
        db.Execute(
            "DELETE FROM objects WHERE kind = @Kind AND namespace = @Namespace AND name = @Name",
            change.RemovedObjects.Select(key => new { key.Kind, key.Namespace, key.Name }), transaction);
        db.Execute(
            """
            INSERT INTO files VALUES (@Path, @Source, @Content)
            ON CONFLICT (path) DO UPDATE SET source = excluded.source, content = excluded.content
            """, change.Files, transaction);
        db.Execute(
            "DELETE FROM files WHERE path = @Path",
            change.RemovedFiles.Select(path => new { Path = path }), transaction);
    }

    private static void SaveRuntime(DbConnection db, DbTransaction transaction, DatabaseChange change)
    {
        db.Execute(
            """
            INSERT INTO instances VALUES (@NodeId, @Content)
            ON CONFLICT (node) DO UPDATE SET content = excluded.content
            """,
            change.Instances.Select(instance => new { instance.NodeId, Content = instance.ToJson() }), transaction);
        db.Execute(
            "DELETE FROM instances WHERE node = @Node",
            change.RemovedInstances.Select(node => new { Node = node }), transaction);
        db.Execute(
            """
            INSERT INTO registrations VALUES (@Id, @Content)
            ON CONFLICT (id) DO UPDATE SET content = excluded.content
            """,
            change.Registrations.Select(item => new { item.Id, Content = item.ToJson() }), transaction);
        db.Execute(
            "DELETE FROM registrations WHERE id = @Id",
            change.RemovedRegistrations.Select(id => new { Id = id }), transaction);
        db.Execute(
            "INSERT INTO tokens VALUES (@Id, @Name, @Role, @Hash, @CreatedAt, @CreatedBy, @ExpiresAt)",
            change.Tokens, transaction);
        db.Execute(
            "DELETE FROM tokens WHERE id = @Id", change.RemovedTokens.Select(id => new { Id = id }), transaction);
    }

    private void SaveHistory(DbConnection db, DbTransaction transaction, DatabaseChange change)
    {
        db.Execute(
            """
            INSERT INTO object_changes VALUES (@Revision, @Kind, @Namespace, @Name, @Action,
                @OwnerBefore, @TakenBefore, @TextBefore, @OwnerAfter, @TextAfter)
            """, change.History, transaction);
        if (change.Audit is not { } entry)
        {
            return;
        }

        db.Execute(
            """
            INSERT INTO audit SELECT COALESCE(MAX(id), 0) + 1, @Revision, @MadeAt, @Verb, @Actor, @Via, @Reason,
                @Target FROM audit
            """, entry, transaction);
        // What makes no revision (registrations, tokens) is counted by its entries.
        var number = entry.Revision > 0
            ? entry.Revision
            : db.ExecuteScalar<long>("SELECT MAX(id) FROM audit", transaction: transaction);
        if (number % PruneEvery == 0)
        {
            Prune(db, transaction);
        }
    }

    private void Prune(DbConnection db, DbTransaction transaction)
    {
        var revision = db.ExecuteScalar<long>("SELECT number FROM revision", transaction: transaction);

        // Made_at is text of one form and one zone: its order is that of time.
        var limits = new { Oldest = revision - KeptRevisions, Since = (time.GetUtcNow() - KeptFor).ToString("O") };
        db.Execute(
            """
            DELETE FROM object_changes WHERE revision <= @Oldest
                OR revision IN (SELECT revision FROM audit WHERE made_at < @Since);
            DELETE FROM audit WHERE made_at < @Since OR revision > 0 AND revision <= @Oldest;
            """, limits, transaction);
        db.Execute(
            "DELETE FROM audit WHERE revision = 0 AND id <= (SELECT MAX(id) FROM audit) - @Most",
            new { Most = 2 * KeptRevisions },
            transaction);
    }

    private List<T> Rows<T>(string sql, object? parameters = null) =>
        Read(db => db.Query<T>(sql, parameters).AsList());
}
