using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Control.Store;

/// <summary>A PostgreSQL server that tests share.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private readonly Postgres _server = new();

    /// <summary>A name for a database of one test.</summary>
    public static string NewName() => $"test_{Guid.NewGuid():N}";

    /// <summary>Where a control plane finds a database.</summary>
    public string Address(string database) => $"postgres://postgres@127.0.0.1:{_server.Port}/{database}";

    /// <summary>Makes a database.</summary>
    public Task CreateAsync(string database) => QueryAsync("postgres", $"CREATE DATABASE {database}");

    /// <summary>Cuts every connection to a database.</summary>
    public Task EndSessionsAsync(string database) => QueryAsync(
        "postgres", $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'");

    /// <summary>Stops the server and leaves its data.</summary>
    public Task StopAsync() => _server.StopAsync();

    /// <summary>Starts a server that was stopped.</summary>
    public Task RestartAsync() => _server.RunAsync();

    /// <summary>Runs a statement and gives what it prints.</summary>
    public async Task<string> QueryAsync(string database, string sql)
    {
        var result = await Postgres.QueryAsync(_server.Port, sql, database);
        Assert.True(result.ExitCode == 0, $"{result}");
        return result.Output.Trim();
    }

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => await _server.StartAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
