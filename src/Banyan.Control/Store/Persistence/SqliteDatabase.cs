using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Banyan.Control.Store.Persistence;

/// <summary>The database in the state folder. One connection.</summary>
internal sealed class SqliteDatabase : SqlDatabase
{
    /// <summary>What SQLite calls a database without a file.</summary>
    private const string InMemory = ":memory:";

    private SqliteConnection _connection;

    private SqliteDatabase(string path, SqliteConnection connection, TimeProvider time)
        : base(time)
    {
        Name = path;
        _connection = connection;
    }

    /// <inheritdoc />
    public override string Name { get; }

    /// <inheritdoc />
    public override bool IsShared => false;

    /// <summary>Opens the database, or makes it; throws <see cref="ControlPlaneException"/> with a way out.</summary>
    public static SqliteDatabase Open(string path, TimeProvider time)
    {
        try
        {
            return new SqliteDatabase(path, Connect(path), time);
        }
        catch (SqliteException exception)
        {
            throw new ControlPlaneException(
                $"{path} cannot be opened ({exception.Message}); if it is damaged, move it away: "
                + "objects that were applied are then to be applied again", exception);
        }
    }

    /// <inheritdoc />
    public override bool IsLost => Name != InMemory && !File.Exists(Name);

    /// <inheritdoc />
    /// <remarks>The file lives on as long as it is open here, and holds everything.</remarks>
    public override void Heal()
    {
        if (!IsLost)
        {
            return;
        }

        var copy = Name + ".copy";
        try
        {
            File.Delete(copy);
            _connection.Execute("VACUUM INTO @copy", new { copy });

            // What the lost one left beside it is not of the new one.
            File.Delete(Name + "-wal");
            File.Delete(Name + "-shm");
            File.Move(copy, Name);
            var lost = _connection;
            _connection = Connect(Name);
            lost.Dispose();
        }
        catch (SqliteException exception)
        {
            throw new StoreFailedException(
                $"{Name} was taken away and cannot be made again ({exception.Message})", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StoreFailedException(
                $"{Name} was taken away and cannot be made again ({exception.Message})", exception);
        }
    }

    /// <inheritdoc />
    public override void Dispose() => _connection.Dispose();

    /// <inheritdoc />
    protected override T Read<T>(Func<DbConnection, T> work)
    {
        try
        {
            return work(_connection);
        }
        catch (SqliteException exception)
        {
            throw Failed(exception);
        }
    }

    /// <inheritdoc />
    protected override void Write(DatabaseChange change, Action<DbConnection, DbTransaction> work)
    {
        Heal();
        try
        {
            using var transaction = _connection.BeginTransaction();
            work(_connection, transaction);
            transaction.Commit();
        }
        catch (SqliteException exception)
        {
            throw Failed(exception);
        }
    }

    private static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path, Mode = SqliteOpenMode.ReadWriteCreate, Pooling = false,
        }.ToString());
        try
        {
            connection.Open();

            // FULL: what was answered with success survives a loss of power too.
            connection.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 2000;");
            Migrate(path, connection);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Migrate(string path, SqliteConnection connection)
    {
        var version = connection.ExecuteScalar<int>("PRAGMA user_version");
        if (version > Schema.Version)
        {
            throw Schema.TooNew(path, version);
        }

        if (version < Schema.Version)
        {
            // All steps or none: a program that is killed here finds the old version again.
            using var transaction = connection.BeginTransaction();
            foreach (var step in Schema.Steps.Skip(version))
            {
                connection.Execute(step, transaction: transaction);
            }

            connection.Execute($"PRAGMA user_version = {Schema.Version}", transaction: transaction);
            transaction.Commit();
        }
    }

    private StoreFailedException Failed(SqliteException exception)
    {
        const int Full = 13;
        const int ReadOnly = 8;
        const int Corrupt = 11;
        const int NoDatabase = 26;
        return new StoreFailedException(
            exception.SqliteErrorCode switch
            {
                Full => $"the disk under {Name} is full",
                ReadOnly => $"{Name} cannot be written: it, or its folder, is read-only",
                Corrupt or NoDatabase => $"{Name} is damaged ({exception.Message})",
                _ => $"{Name} cannot be written ({exception.Message})",
            },
            exception);
    }
}
