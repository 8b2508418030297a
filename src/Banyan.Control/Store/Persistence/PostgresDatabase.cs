using System.Data.Common;
using Dapper;
using Npgsql;

namespace Banyan.Control.Store.Persistence;

/// <summary>A database that several control planes share.</summary>
/// <remarks>
/// A connection of the pool for each operation: one that broke is replaced at the next. While the server does not
/// answer, operations fail at once for a moment, so that the writer's thread is not held up by each of them.
/// </remarks>
internal sealed class PostgresDatabase : SqlDatabase
{
    /// <summary>Seconds to connect; what waits is the writer's thread.</summary>
    private const int ConnectTimeout = 3;

    /// <summary>Seconds for a statement.</summary>
    private const int StatementTimeout = 10;

    private static readonly TimeSpan RestAfterFailure = TimeSpan.FromSeconds(2);

    private readonly NpgsqlDataSource _source;
    private readonly TimeProvider _time;
    private long _restUntil;
    private string _problem = "";
    private bool _isOpen;
    private int _isUncertain;

    private PostgresDatabase(NpgsqlDataSource source, string name, TimeProvider time)
        : base(time)
    {
        _source = source;
        _time = time;
        Name = name;
        Replica = Guid.NewGuid().ToString("N")[..12];
    }

    /// <inheritdoc />
    public override string Name { get; }

    /// <inheritdoc />
    public override bool IsShared => true;

    /// <summary>Names this process among those that share the database.</summary>
    public string Replica { get; }

    /// <summary>Connections that the caller opens and disposes.</summary>
    public NpgsqlDataSource Source => _source;

    /// <summary>
    /// Connects and brings the tables up to date; when the server is not there, the first operation that finds it does.
    /// </summary>
    /// <exception cref="ControlPlaneException">
    /// The address is wrong, or the server does not let us in; the message holds no password.
    /// </exception>
    public static PostgresDatabase Open(string address, TimeProvider time)
    {
        var settings = Settings(address, connections: 4);
        var name = PostgresAddress.NameOf(settings);
        var source = NpgsqlDataSource.Create(settings);
        var database = new PostgresDatabase(source, name, time);
        try
        {
            using var connection = source.OpenConnection();
            Migrate(name, connection);
            database._isOpen = true;
            return database;
        }
        catch (Exception exception) when (IsFailure(exception) && !IsRefusal(exception))
        {
            return database;
        }
        catch (Exception exception) when (IsFailure(exception))
        {
            source.Dispose();
            throw new ControlPlaneException($"{name} cannot be used: {Words(exception)}", exception);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>What holds for every connection to it.</summary>
    /// <param name="address">As the user wrote it.</param>
    /// <param name="connections">How many there may be at a time.</param>
    /// <exception cref="ControlPlaneException">The address is wrong; the message holds no password.</exception>
    public static NpgsqlConnectionStringBuilder Settings(string address, int connections)
    {
        var settings = PostgresAddress.Parse(address);
        settings.Timeout = ConnectTimeout;
        settings.CommandTimeout = StatementTimeout;
        settings.ApplicationName = "banyan";
        settings.MaxPoolSize = connections;
        settings.IncludeErrorDetail = false;
        settings.PersistSecurityInfo = false;
        return settings;
    }

    /// <summary>Whether this is the server's or the network's failure, and not ours.</summary>
    public static bool IsFailure(Exception exception) =>
        exception is DbException or TimeoutException or IOException or System.Net.Sockets.SocketException;

    /// <summary>Whether the server says that it will never let us in: wrong user, password or database.</summary>
    private static bool IsRefusal(Exception exception) => exception is PostgresException postgres
        && (postgres.SqlState.StartsWith("28", StringComparison.Ordinal)
            || postgres.SqlState is PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.InsufficientPrivilege);

    /// <summary>A failure in words without a stack trace.</summary>
    public static string Words(Exception exception) => exception is PostgresException postgres
        ? $"{postgres.MessageText} ({postgres.SqlState})"
        : exception.InnerException is { } inner ? $"{exception.Message}: {inner.Message}" : exception.Message;

    /// <inheritdoc />
    public override void Dispose() => _source.Dispose();

    /// <inheritdoc />
    protected override T Read<T>(Func<DbConnection, T> work)
    {
        try
        {
            using var connection = Connect();
            return work(connection);
        }
        catch (Exception exception) when (IsFailure(exception))
        {
            throw Failed(exception);
        }
    }

    /// <inheritdoc />
    protected override void Write(DatabaseChange change, Action<DbConnection, DbTransaction> work)
    {
        try
        {
            using var connection = Connect();
            using var transaction = connection.BeginTransaction();

            // Whoever writes holds this row: changes, and the numbers of the audit trail, come one after another.
            // One that is frozen must not hold up the others for longer than they wait.
            connection.Execute(
                "SET LOCAL idle_in_transaction_session_timeout = '5s'; SELECT number FROM revision FOR UPDATE",
                transaction: transaction);
            work(connection, transaction);
            connection.Execute(
                "SELECT pg_notify(@Channel, @Payload)",
                new { PostgresWatch.Channel, Payload = $"{Replica} {PostgresWatch.Changed}" },
                transaction);
            Commit(transaction);
        }
        catch (Exception exception) when (IsFailure(exception))
        {
            throw Failed(exception);
        }
    }

    /// <summary>Whether it is not known what became of a commit; says so once. Any thread may ask.</summary>
    public bool TakeUncertainty() => Interlocked.Exchange(ref _isUncertain, 0) != 0;

    private void Commit(NpgsqlTransaction transaction)
    {
        try
        {
            transaction.Commit();
        }
        catch (Exception exception) when (IsFailure(exception))
        {
            Volatile.Write(ref _isUncertain, 1);
            throw;
        }
    }

    private static void Migrate(string name, NpgsqlConnection connection)
    {
        using var transaction = connection.BeginTransaction();
        connection.Execute("SELECT pg_advisory_xact_lock(@Lock)", new { Lock = PostgresLocks.Schema }, transaction);
        connection.Execute(
            "CREATE TABLE IF NOT EXISTS banyan_schema (version BIGINT NOT NULL)", transaction: transaction);
        var version = connection.ExecuteScalar<long?>("SELECT version FROM banyan_schema", transaction: transaction);
        if (version > Schema.Version)
        {
            throw Schema.TooNew(name, version.Value);
        }

        foreach (var step in Schema.Steps.Skip((int)(version ?? 0)))
        {
            connection.Execute(Schema.ForPostgres(step), transaction: transaction);
        }

        connection.Execute(
            version is null
                ? "INSERT INTO banyan_schema VALUES (@Version)"
                : "UPDATE banyan_schema SET version = @Version",
            new { Version = (long)Schema.Version },
            transaction);
        transaction.Commit();
    }

    /// <summary>A connection that answers: the pool may hold those of a server that was restarted meanwhile.</summary>
    private NpgsqlConnection Connect()
    {
        if (_restUntil != 0 && _time.GetTimestamp() < _restUntil)
        {
            throw new TimeoutException(_problem);
        }

        var connection = _source.OpenConnection();
        try
        {
            connection.Execute("SELECT 1");
        }
        catch (Exception exception) when (IsFailure(exception))
        {
            connection.Dispose();
            _source.Clear();
            connection = _source.OpenConnection();
        }

        return _isOpen ? connection : Opened(connection);
    }

    /// <summary>The server was not there at the start, and is now.</summary>
    private NpgsqlConnection Opened(NpgsqlConnection connection)
    {
        try
        {
            Migrate(Name, connection);
            _isOpen = true;
            return connection;
        }
        catch (Exception exception)
        {
            connection.Dispose();
            if (exception is ControlPlaneException)
            {
                throw new StoreFailedException(exception.Message, exception);
            }

            throw;
        }
    }

    private StoreFailedException Failed(Exception exception)
    {
        // What the server says about a statement is no reason to leave it in peace.
        if (exception is not PostgresException and not TimeoutException { InnerException: null })
        {
            _problem = Words(exception);
            _restUntil = _time.GetTimestamp() + (long)(RestAfterFailure.TotalSeconds * _time.TimestampFrequency);
        }

        return new StoreFailedException($"{Name} does not take it ({Words(exception)})", exception);
    }
}
