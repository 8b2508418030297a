using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Reports;

/// <summary>The matrix of one control plane, in a file of its own: when that is damaged it is begun anew.</summary>
internal sealed class SqliteEdges : EdgeDatabase
{
    // Result codes of SQLite.
    private const int Corrupt = 11;
    private const int NotADatabase = 26;

    private readonly string _path;
    private readonly SqliteConnection _connection;

    private SqliteEdges(string path) => (_path, _connection) = (path, Connect(path));

    /// <summary>
    /// Opens it, or makes it. One that cannot be read is put aside and begun anew: what it holds is worth less than a
    /// control plane that starts.
    /// </summary>
    /// <exception cref="ControlPlaneException">It is of a newer version, or cannot be written.</exception>
    public static SqliteEdges Open(string path, ILogger log, TimeProvider time)
    {
        try
        {
            return new SqliteEdges(path);
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode is Corrupt or NotADatabase)
        {
            var aside = $"{path}.{time.GetUtcNow():yyyyMMddHHmmss}.unreadable";
            Log.PutAside(log, path, aside, exception.Message);
            PutAside(path, aside);
            return new SqliteEdges(path);
        }
        catch (SqliteException exception)
        {
            throw new ControlPlaneException($"{path} cannot be opened: {exception.Message}", exception);
        }
    }

    /// <inheritdoc />
    public override EdgeTransaction Begin() => new(_connection, _connection.BeginTransaction());

    /// <inheritdoc />
    public override void Dispose() => _connection.Dispose();

    /// <inheritdoc />
    protected override DbConnection OpenReader() => Connect(_path);

    private static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path, Mode = SqliteOpenMode.ReadWriteCreate, Pooling = false,
        }.ToString());
        try
        {
            connection.Open();
            connection.Execute("PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
            if (Version(connection) < SchemaVersion)
            {
                BringUp(connection);
            }

            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Makes the tables, or makes them what they are now: once, however many open the file.</summary>
    private static void BringUp(SqliteConnection connection)
    {
        using var transaction = connection.BeginTransaction(deferred: false);

        // Nobody else writes from here on; somebody may just have done this.
        var step = Version(connection, transaction) switch
        {
            0 => Schema,
            1 => Second,
            _ => "",
        };
        if (step.Length > 0)
        {
            connection.Execute($"{step} PRAGMA user_version = {SchemaVersion};", transaction: transaction);
        }

        transaction.Commit();
    }

    private static long Version(SqliteConnection connection, SqliteTransaction? transaction = null)
    {
        var version = connection.ExecuteScalar<long>("PRAGMA user_version", transaction: transaction);
        return version <= SchemaVersion
            ? version
            : throw new SqliteException($"it was written by a newer version of banyan (schema {version})", 0);
    }

    private static void PutAside(string path, string aside)
    {
        // The log of SQLite's writes goes with it: it belongs to that file.
        foreach (var suffix in (string[])["", "-wal", "-shm"])
        {
            if (File.Exists(path + suffix))
            {
                File.Move(path + suffix, aside + suffix, overwrite: true);
            }
        }
    }
}
