using Dapper;
using Microsoft.Data.Sqlite;

namespace Banyan.Examples.Payments;

/// <summary>
/// One SQLite file. Readers run side by side (WAL); writers of this process queue on a lock, because that is cheaper
/// than SQLite's own waiting, and those of other processes wait up to five seconds.
/// </summary>
public sealed class SqliteFile
{
    private readonly Lock _writer = new();
    private readonly string _connection;

    /// <summary>Opens or creates the file and runs <paramref name="schema"/>, which must be repeatable.</summary>
    public SqliteFile(string path, string schema)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        _connection = new SqliteConnectionStringBuilder { DataSource = path }.ToString();
        using var db = Open();
        db.Execute("PRAGMA journal_mode = WAL");
        db.Execute(schema);
    }

    /// <summary>Where data is kept: <c>BANYAN_DATA</c>, else a folder of its own under the temporary one.</summary>
    public static string Folder =>
        Environment.GetEnvironmentVariable("BANYAN_DATA") is { Length: > 0 } folder
            ? folder
            : Path.Combine(Path.GetTempPath(), $"banyan-shop-{Environment.UserName}");

    /// <summary>A connection from the pool.</summary>
    public SqliteConnection Open()
    {
        var db = new SqliteConnection(_connection);
        db.Open();
        db.Execute("PRAGMA busy_timeout = 5000; PRAGMA synchronous = NORMAL");
        return db;
    }

    /// <summary>Runs <paramref name="work"/> as one transaction.</summary>
    public T Write<T>(Func<SqliteConnection, T> work)
    {
        lock (_writer)
        {
            using var db = Open();
            using var transaction = db.BeginTransaction();
            var result = work(db);
            transaction.Commit();
            return result;
        }
    }
}
