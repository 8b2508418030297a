using Banyan.Control;
using Banyan.Control.Store.Persistence;
using Banyan.Testing;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Banyan.Tests.Control.Store;

public sealed class SqliteDatabaseTests : DatabaseContract, IDisposable
{
    private readonly TempFolder _folder = new("sqlite");

    private string Path => _folder["control.db"];

    /// <summary>The tables of the first version, as it made them.</summary>
    private const string FirstVersion = """
        CREATE TABLE revision (number INTEGER NOT NULL);
        INSERT INTO revision VALUES (7);
        CREATE TABLE objects (
            kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
            owner TEXT NOT NULL, taken_from TEXT, applied_by TEXT, content TEXT,
            created_at TEXT NOT NULL, created_revision INTEGER NOT NULL,
            generation INTEGER NOT NULL, revision INTEGER NOT NULL,
            PRIMARY KEY (kind, namespace, name)) WITHOUT ROWID;
        CREATE TABLE files (
            path TEXT NOT NULL PRIMARY KEY, source TEXT NOT NULL, content TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE instances (node TEXT NOT NULL PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
        INSERT INTO objects VALUES ('Service', 'default', 'old', 'api', NULL, 'me',
            '{"apiVersion":"v1","kind":"Service","metadata":{"name":"old"},"spec":{"ports":[{"port":80}]}}',
            '2026-01-01T00:00:00.0000000+00:00', 7, 1, 7);
        PRAGMA user_version = 1;
        """;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ADatabaseOfTheFirstVersionIsBroughtUpToDate()
    {
        Directory.CreateDirectory(_folder["state"]);
        Execute(_folder["state/control.db"], FirstVersion);
        await using var control = await TestControl.StartInAsync(_folder, []);
        await control.ReadyAsync();
        Assert.Equal((80, "api"), await OwnershipTests.PortAsync(control, "old"));
        await control.AppliedAsync(Texts.Service("old", 81));
        using var back = await control.Api.PostAsync("/api/v1/rollback?revision=7", null);
        Assert.True(back.IsSuccessStatusCode, await back.Content.ReadAsStringAsync());
        Assert.Equal((80, "api"), await OwnershipTests.PortAsync(control, "old"));

        // What was before the history began cannot be had.
        using var before = await control.Api.PostAsync("/api/v1/rollback?revision=6", null);
        var problem = await TestControl.ProblemAsync(before, System.Net.HttpStatusCode.NotFound);
        Assert.Contains("the oldest that can be restored is 7", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void ADatabaseIsUpToDateOnce()
    {
        using (Open())
        {
        }

        Assert.Equal(Schema.Version, (long)Execute(Path, "PRAGMA user_version")!);
        Execute(Path, "PRAGMA user_version = 99");
        Assert.Contains("newer", Assert.Throws<ControlPlaneException>(() => Open()).Message, StringComparison.Ordinal);
    }

    private protected override IDatabase Open(TimeProvider? time = null) =>
        SqliteDatabase.Open(Path, time ?? TimeProvider.System);

    private static object? Execute(string path, string sql)
    {
        using var database = new SqliteConnection($"Data Source={path};Pooling=false");
        database.Open();
        using var command = database.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
