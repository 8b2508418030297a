using Banyan.Model;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Banyan.Control.Store;

/// <summary>
/// What survives a restart: objects applied over the API, the files' last good texts, each object's history, and
/// the registered instances. One connection, used by the writer's thread alone.
/// </summary>
internal sealed class Database : IDisposable
{
    private const int SchemaVersion = 1;

    private const string Schema = """
        CREATE TABLE revision (number INTEGER NOT NULL);
        INSERT INTO revision VALUES (0);
        CREATE TABLE objects (
            kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
            owner TEXT NOT NULL, taken_from TEXT, applied_by TEXT, content TEXT,
            created_at TEXT NOT NULL, created_revision INTEGER NOT NULL,
            generation INTEGER NOT NULL, revision INTEGER NOT NULL,
            PRIMARY KEY (kind, namespace, name)) WITHOUT ROWID;
        CREATE TABLE files (
            path TEXT NOT NULL PRIMARY KEY, source TEXT NOT NULL, content TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE instances (node TEXT NOT NULL PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
        PRAGMA user_version = 1;
        """;

    private readonly SqliteConnection _connection;

    private Database(SqliteConnection connection) => _connection = connection;

    /// <summary>Opens the database, or makes it; throws <see cref="ControlPlaneException"/> with a way out.</summary>
    public static Database Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path, Mode = SqliteOpenMode.ReadWriteCreate, Pooling = false,
        }.ToString());
        try
        {
            connection.Open();
            connection.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000;");
            var version = connection.ExecuteScalar<long>("PRAGMA user_version");
            if (version > SchemaVersion)
            {
                throw new ControlPlaneException(
                    $"{path} was written by a newer version of banyan "
                    + $"(schema {version}, this one knows {SchemaVersion})");
            }

            if (version == 0)
            {
                using var transaction = connection.BeginTransaction();
                connection.Execute(Schema, transaction: transaction);
                transaction.Commit();
            }

            return new Database(connection);
        }
        catch (SqliteException exception)
        {
            connection.Dispose();
            throw new ControlPlaneException(
                $"{path} cannot be opened ({exception.Message}); if it is damaged, move it away: "
                + "objects that were applied are then to be applied again", exception);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>The last revision.</summary>
    public long Revision() => _connection.ExecuteScalar<long>("SELECT number FROM revision");

    /// <summary>Every object's history, and the content of those that belong to the API.</summary>
    public IEnumerable<ObjectRow> Objects() => _connection.Query<ObjectRow>(
        """
        SELECT kind AS Kind, namespace AS Namespace, name AS Name, owner AS Owner, taken_from AS TakenFrom,
            applied_by AS AppliedBy, content AS Content, created_at AS CreatedAt,
            created_revision AS CreatedRevision, generation AS Generation, revision AS Revision
        FROM objects
        """);

    /// <summary>The files' last good texts.</summary>
    public IEnumerable<FileRow> Files() =>
        _connection.Query<FileRow>("SELECT path AS Path, source AS Source, content AS Content FROM files");

    /// <summary>The registered instances.</summary>
    public IEnumerable<string> Instances() => _connection.Query<string>("SELECT content FROM instances");

    /// <summary>Writes one change, whole or not at all.</summary>
    public void Save(DatabaseChange change)
    {
        using var transaction = _connection.BeginTransaction();
        _connection.Execute("UPDATE revision SET number = @Revision", new { change.Revision }, transaction);
        _connection.Execute(
            """
            INSERT OR REPLACE INTO objects VALUES (@Kind, @Namespace, @Name, @Owner, @TakenFrom, @AppliedBy,
                @Content, @CreatedAt, @CreatedRevision, @Generation, @Revision)
            """, change.Objects, transaction);
        _connection.Execute(
            "DELETE FROM objects WHERE kind = @Kind AND namespace = @Namespace AND name = @Name",
            change.RemovedObjects.Select(key => new { key.Kind, key.Namespace, key.Name }), transaction);
        _connection.Execute(
            "INSERT OR REPLACE INTO files VALUES (@Path, @Source, @Content)", change.Files, transaction);
        _connection.Execute(
            "DELETE FROM files WHERE path = @Path",
            change.RemovedFiles.Select(path => new { Path = path }),
            transaction);
        transaction.Commit();
    }

    /// <summary>Registers an instance, or replaces its registration.</summary>
    public void SaveInstance(WorkloadInstance instance) => _connection.Execute(
        "INSERT OR REPLACE INTO instances VALUES (@NodeId, @Content)",
        new { instance.NodeId, Content = instance.ToJson() });

    /// <summary>Forgets an instance.</summary>
    public void RemoveInstance(string node) =>
        _connection.Execute("DELETE FROM instances WHERE node = @node", new { node });

    /// <inheritdoc />
    public void Dispose() => _connection.Dispose();
}

/// <summary>A row of the objects' table. Content is null when a file owns the object.</summary>
internal sealed record ObjectRow
{
    public string Kind { get; init; } = "";

    public string Namespace { get; init; } = "";

    public string Name { get; init; } = "";

    public string Owner { get; init; } = "";

    public string? TakenFrom { get; init; }

    public string? AppliedBy { get; init; }

    public string? Content { get; init; }

    public string CreatedAt { get; init; } = "";

    public long CreatedRevision { get; init; }

    public long Generation { get; init; }

    public long Revision { get; init; }
}

/// <summary>A row of the files' table; both paths are absolute.</summary>
internal sealed record FileRow
{
    public string Path { get; init; } = "";

    public string Source { get; init; } = "";

    public string Content { get; init; } = "";
}

/// <summary>What one change writes.</summary>
internal sealed record DatabaseChange
{
    public required long Revision { get; init; }

    public List<ObjectRow> Objects { get; init; } = [];

    public List<ObjectKey> RemovedObjects { get; init; } = [];

    public List<FileRow> Files { get; init; } = [];

    public List<string> RemovedFiles { get; init; } = [];
}
