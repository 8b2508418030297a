using System.Data.Common;
using Banyan.Control.Store.Persistence;
using Dapper;
using Npgsql;

namespace Banyan.Control.Reports;

/// <summary>
/// The matrix that several control planes share: a report that is told to another one, because its acknowledgement was
/// lost, is counted once all the same.
/// </summary>
/// <remarks>
/// While the server does not answer, reports are not acknowledged, and their proxies tell them again.
/// </remarks>
internal sealed class PostgresEdges : EdgeDatabase
{
    /// <summary>One writes, the others read.</summary>
    private const int Connections = 3;

    private readonly NpgsqlDataSource _source;
    private readonly string _name;
    private volatile bool _isOpen;

    private PostgresEdges(NpgsqlDataSource source, string name) => (_source, _name) = (source, name);

    /// <summary>Does not connect yet: the first operation makes the tables.</summary>
    /// <exception cref="ControlPlaneException">It is no address.</exception>
    public static PostgresEdges Open(string address)
    {
        var settings = PostgresDatabase.Settings(address, Connections);
        return new PostgresEdges(NpgsqlDataSource.Create(settings), PostgresAddress.NameOf(settings));
    }

    /// <inheritdoc />
    public override EdgeTransaction Begin()
    {
        NpgsqlConnection? connection = null;
        try
        {
            connection = Connect();
            var transaction = connection.BeginTransaction();

            // One that is frozen must not hold up the others for longer than they wait.
            connection.Execute(
                "SET LOCAL idle_in_transaction_session_timeout = '5s'; SELECT pg_advisory_xact_lock(@Reports)",
                new { PostgresLocks.Reports },
                transaction);
            return new EdgeTransaction(connection, transaction, ownsConnection: true);
        }
        catch (Exception exception)
        {
            connection?.Dispose();
            if (PostgresDatabase.IsFailure(exception))
            {
                throw Failed(exception);
            }

            throw;
        }
    }

    /// <inheritdoc />
    public override void Read(long hour, Action<EdgeRow> each)
    {
        try
        {
            base.Read(hour, each);
        }
        catch (Exception exception) when (PostgresDatabase.IsFailure(exception))
        {
            throw Failed(exception);
        }
    }

    /// <inheritdoc />
    public override void Dispose() => _source.Dispose();

    /// <inheritdoc />
    protected override DbConnection OpenReader() => Connect();

    private NpgsqlConnection Connect()
    {
        var connection = _source.OpenConnection();
        if (_isOpen)
        {
            return connection;
        }

        try
        {
            Migrate(connection);
            _isOpen = true;
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void Migrate(NpgsqlConnection connection)
    {
        using var transaction = connection.BeginTransaction();
        connection.Execute("SELECT pg_advisory_xact_lock(@Reports)", new { PostgresLocks.Reports }, transaction);
        connection.Execute(
            "CREATE TABLE IF NOT EXISTS banyan_reports_schema (version BIGINT NOT NULL)", transaction: transaction);
        var version = connection.ExecuteScalar<long?>(
            "SELECT version FROM banyan_reports_schema", transaction: transaction);
        if (version > SchemaVersion)
        {
            throw new StoreFailedException(
                $"the reports in {_name} were written by a newer version of banyan (schema {version})");
        }

        if (version is null)
        {
            connection.Execute(Store.Persistence.Schema.ForPostgres(Schema), transaction: transaction);
            connection.Execute(
                "INSERT INTO banyan_reports_schema VALUES (@SchemaVersion)",
                new { SchemaVersion = (long)SchemaVersion },
                transaction);
        }

        if (version == 1)
        {
            connection.Execute(Store.Persistence.Schema.ForPostgres(Second), transaction: transaction);
            connection.Execute(
                "UPDATE banyan_reports_schema SET version = @SchemaVersion",
                new { SchemaVersion = (long)SchemaVersion },
                transaction);
        }

        transaction.Commit();
    }

    private StoreFailedException Failed(Exception exception)
    {
        // Of a server that was restarted the pool may hold connections that lead nowhere.
        _source.Clear();
        return new StoreFailedException(
            $"{_name} does not answer for reports ({PostgresDatabase.Words(exception)})", exception);
    }
}
