using System.Data.Common;
using Dapper;

namespace Banyan.Control.Reports;

/// <summary>Changes of the matrix, all or nothing. Without <see cref="Commit"/> nothing of it is.</summary>
internal sealed class EdgeTransaction(DbConnection connection, DbTransaction transaction, bool ownsConnection = false)
    : IDisposable
{
    /// <summary>What makes a row.</summary>
    public const string Key = """
        hour, reporter, direction, protocol, service, namespace, port, workload, version, route, method, status,
        grpc_status, source_identity, destination_identity, mtls
        """;

    /// <summary>All columns, as <see cref="EdgeRow"/> has them.</summary>
    public const string Columns = """
        hour AS Hour, reporter AS Reporter, direction AS Direction, protocol AS Protocol, service AS Service,
        namespace AS Namespace, port AS Port, workload AS Workload, version AS Version, route AS Route,
        method AS Method, status AS Status, grpc_status AS GrpcStatus, source_identity AS SourceIdentity,
        destination_identity AS DestinationIdentity, mtls AS Mtls, count AS Count, sum_micros AS SumMicros,
        bytes_to_destination AS BytesToDestination, bytes_to_source AS BytesToSource, buckets AS Buckets,
        first_seen AS FirstSeen, last_seen AS LastSeen
        """;

    /// <summary>The last report of a proxy's epoch that was counted; 0 when none was.</summary>
    public long Sequence(string node, long epoch) => connection.ExecuteScalar<long?>(
        "SELECT sequence FROM cursors WHERE node = @node AND epoch = @epoch", new { node, epoch }, transaction) ?? 0;

    /// <summary>Adds sums to what is there and moves the cursors.</summary>
    public void Save(IReadOnlyDictionary<EdgeIdentity, EdgeSum> sums, IReadOnlyCollection<Cursor> cursors)
    {
        foreach (var (edge, sum) in sums)
        {
            if (connection.QuerySingleOrDefault<EdgeRow>(
                $"""
                SELECT {Columns} FROM edges
                WHERE hour = @Hour AND reporter = @Reporter AND direction = @Direction AND protocol = @Protocol
                    AND service = @Service AND namespace = @Namespace AND port = @Port AND workload = @Workload
                    AND version = @Version AND route = @Route AND method = @Method AND status = @Status
                    AND grpc_status = @GrpcStatus AND source_identity = @SourceIdentity
                    AND destination_identity = @DestinationIdentity AND mtls = @Mtls
                """,
                edge,
                transaction) is { } before)
            {
                sum.Add(before);
            }

            connection.Execute(
                $"""
                INSERT INTO edges VALUES (@Hour, @Reporter, @Direction, @Protocol, @Service, @Namespace,
                    @Port, @Workload, @Version, @Route, @Method, @Status, @GrpcStatus,
                    @SourceIdentity, @DestinationIdentity, @Mtls, @Count, @SumMicros,
                    @BytesToDestination, @BytesToSource, @Buckets, @FirstSeen, @LastSeen)
                ON CONFLICT ({Key}) DO UPDATE SET count = excluded.count, sum_micros = excluded.sum_micros,
                    bytes_to_destination = excluded.bytes_to_destination, bytes_to_source = excluded.bytes_to_source,
                    buckets = excluded.buckets, first_seen = excluded.first_seen, last_seen = excluded.last_seen
                """,
                EdgeRow.Of(edge, sum),
                transaction);
        }

        connection.Execute(
            """
            INSERT INTO cursors VALUES (@Node, @Epoch, @Sequence, @At)
            ON CONFLICT (node, epoch) DO UPDATE SET sequence = excluded.sequence, at = excluded.at
            """,
            cursors,
            transaction);
    }

    /// <summary>Forgets the hours, and the proxies, before a moment.</summary>
    public void Forget(long unixMs)
    {
        var hour = unixMs / EdgeIdentity.HourMs;
        connection.Execute("DELETE FROM edges WHERE hour < @hour", new { hour }, transaction);
        connection.Execute("DELETE FROM cursors WHERE at < @unixMs", new { unixMs }, transaction);
    }

    /// <summary>What was changed stays.</summary>
    public void Commit() => transaction.Commit();

    /// <inheritdoc />
    public void Dispose()
    {
        transaction.Dispose();
        if (ownsConnection)
        {
            connection.Dispose();
        }
    }
}

/// <summary>How far a proxy was counted.</summary>
internal sealed record Cursor(string Node, long Epoch, long Sequence, long At);
