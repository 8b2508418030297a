using Banyan.Control.Reports;
using Banyan.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static Banyan.Tests.Control.Reports.SomeReports;

namespace Banyan.Tests.Control.Reports;

/// <summary>The matrix in a file.</summary>
public sealed class SqliteEdgesTests : EdgeStoreContract, IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AnUnreadableDatabaseIsPutAside()
    {
        File.WriteAllText(_folder["reports.db"], new string('x', 5000));
        await using var store = Open();
        await AddAsync(store, Report(1, 5));
        Assert.Equal(5, Count(store));
        Assert.Equal(new string('x', 5000), File.ReadAllText(Assert.Single(Directory.GetFiles(_folder.Path, "*.unreadable"))));
    }

    /// <summary>As version 1 wrote it, before hops had identities.</summary>
    [Fact]
    public async Task ADatabaseOfTheFirstVersionIsTakenOver()
    {
        using (var connection = new SqliteConnection($"Data Source={_folder["reports.db"]};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = """
                CREATE TABLE cursors (
                    node TEXT NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, at INTEGER NOT NULL,
                    PRIMARY KEY (node, epoch)) WITHOUT ROWID;
                CREATE TABLE edges (
                    hour INTEGER NOT NULL, reporter TEXT NOT NULL, direction INTEGER NOT NULL, protocol INTEGER NOT NULL,
                    service TEXT NOT NULL, namespace TEXT NOT NULL, port INTEGER NOT NULL, workload TEXT NOT NULL,
                    version TEXT NOT NULL, route TEXT NOT NULL, method TEXT NOT NULL, status INTEGER NOT NULL,
                    grpc_status INTEGER NOT NULL,
                    count INTEGER NOT NULL, sum_micros INTEGER NOT NULL,
                    bytes_to_destination INTEGER NOT NULL, bytes_to_source INTEGER NOT NULL,
                    buckets BLOB NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
                    PRIMARY KEY (hour, reporter, direction, protocol, service, namespace, port, workload, version, route,
                        method, status, grpc_status)) WITHOUT ROWID;
                INSERT INTO cursors VALUES ('default/web/0', 7, 1, 0);
                INSERT INTO edges VALUES ($hour, 'default/web', 2, 1, 'payments', 'default', 80, 'payments-v1', 'v1',
                    'default', 'GET', 200, -1, 5, 50, 0, 0, x'', 1000, 2000);
                PRAGMA user_version = 1;
                """;
            command.Parameters.AddWithValue("$hour", Time.GetUtcNow().ToUnixTimeMilliseconds() / EdgeIdentity.HourMs);
            command.ExecuteNonQuery();
        }

        await using var store = Open();
        await AddAsync(store, Report(1, 5), Report(2, 3));
        Assert.Equal(8, Count(store));
        Assert.Equal(0, Assert.Single(store.Read(Time.GetUtcNow())).Key.Mtls);
    }

    /// <summary>Two control planes never do, but a reader and the writer may.</summary>
    [Fact]
    public async Task ManyWhoOpenANewFileMakeItsTablesOnce()
    {
        for (var round = 0; round < 5; round++)
        {
            var path = _folder[$"race-{round}.db"];
            using var begin = new Barrier(8);
            var opened = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    begin.SignalAndWait();
                    return SqliteEdges.Open(path, NullLogger.Instance, Time);
                },
                TaskCreationOptions.LongRunning)));
            Array.ForEach(opened, each => each.Dispose());
        }
    }

    private protected override EdgeDatabase OpenDatabase() =>
        SqliteEdges.Open(_folder["reports.db"], NullLogger.Instance, Time);
}
