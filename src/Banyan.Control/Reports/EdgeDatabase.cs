using System.Data.Common;
using Dapper;

namespace Banyan.Control.Reports;

/// <summary>
/// The matrix of who called whom, by hours, and how far each proxy was counted. Its many small writes never hold up a
/// change of the configuration.
/// </summary>
/// <remarks>One writer; reading is thread-safe.</remarks>
internal abstract class EdgeDatabase : IDisposable
{
    /// <summary>In words that SQLite and PostgreSQL share, but for what <c>Schema.ForPostgres</c> replaces.</summary>
    protected const string Schema = $"""
        CREATE TABLE cursors (
            node TEXT NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, at INTEGER NOT NULL,
            PRIMARY KEY (node, epoch)) WITHOUT ROWID;
        {Edges}
        """;

    /// <summary>From version 1 to 2: hops have identities.</summary>
    protected const string Second = $"""
        ALTER TABLE edges RENAME TO edges_before;
        {Edges}
        INSERT INTO edges SELECT hour, reporter, direction, protocol, service, namespace, port, workload, version,
            route, method, status, grpc_status, '', '', 0, count, sum_micros, bytes_to_destination, bytes_to_source,
            buckets, first_seen, last_seen FROM edges_before;
        DROP TABLE edges_before;
        """;

    /// <summary>The version of <see cref="Schema"/>.</summary>
    protected const int SchemaVersion = 2;

    private const string Edges = $"""
        CREATE TABLE edges (
            hour INTEGER NOT NULL, reporter TEXT NOT NULL, direction INTEGER NOT NULL, protocol INTEGER NOT NULL,
            service TEXT NOT NULL, namespace TEXT NOT NULL, port INTEGER NOT NULL, workload TEXT NOT NULL,
            version TEXT NOT NULL, route TEXT NOT NULL, method TEXT NOT NULL, status INTEGER NOT NULL,
            grpc_status INTEGER NOT NULL, source_identity TEXT NOT NULL, destination_identity TEXT NOT NULL,
            mtls INTEGER NOT NULL,
            count INTEGER NOT NULL, sum_micros INTEGER NOT NULL,
            bytes_to_destination INTEGER NOT NULL, bytes_to_source INTEGER NOT NULL,
            buckets BLOB NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
            PRIMARY KEY ({EdgeTransaction.Key})) WITHOUT ROWID;
        """;

    /// <summary>
    /// Begins a transaction. Until it is disposed nobody else writes, in this process or another: what it read of the
    /// cursors holds.
    /// </summary>
    public abstract EdgeTransaction Begin();

    /// <summary>Reads the rows of an hour and of all later ones.</summary>
    public virtual void Read(long hour, Action<EdgeRow> each)
    {
        // A connection of its own: it sees the last committed state and holds up nobody.
        using var connection = OpenReader();
        foreach (var row in connection.Query<EdgeRow>(
            $"SELECT {EdgeTransaction.Columns} FROM edges WHERE hour >= @hour", new { hour }, buffered: false))
        {
            each(row);
        }
    }

    /// <inheritdoc />
    public abstract void Dispose();

    /// <summary>A connection that the caller disposes.</summary>
    protected abstract DbConnection OpenReader();
}
