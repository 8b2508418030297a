using Banyan.Examples.Payments;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Banyan.Examples.Shop.Notifications;

/// <summary>A letter to a customer.</summary>
public sealed record Letter(long Id, long Order, string Recipient, string Subject, string At, string? SentAt);

/// <summary>
/// The notifications module. Letters are written in the transaction of what they tell about, and sent afterwards; this
/// example "sends" by writing down the time.
/// </summary>
public sealed class Outbox(SqliteFile file, TimeProvider time) : BackgroundService
{
    /// <summary>The table.</summary>
    public const string Schema = """
        CREATE TABLE IF NOT EXISTS letters (
            id INTEGER PRIMARY KEY, "order" INTEGER NOT NULL, recipient TEXT NOT NULL, subject TEXT NOT NULL,
            at TEXT NOT NULL, sent_at TEXT);
        CREATE INDEX IF NOT EXISTS letters_waiting ON letters (id) WHERE sent_at IS NULL;
        CREATE INDEX IF NOT EXISTS letters_by_order ON letters ("order");
        """;

    private const string Columns = """id, "order", recipient, subject, at, sent_at AS SentAt""";

    /// <summary>Adds a letter within somebody else's transaction.</summary>
    public static void Add(SqliteConnection db, long order, string recipient, string subject, string at) => db.Execute(
        """INSERT INTO letters ("order", recipient, subject, at) VALUES (@order, @recipient, @subject, @at)""",
        new { order, recipient, subject, at });

    /// <summary>The letters about an order.</summary>
    public IReadOnlyList<Letter> About(long order)
    {
        using var db = file.Open();
        return [.. db.Query<Letter>($"""SELECT {Columns} FROM letters WHERE "order" = @order ORDER BY id""", new { order })];
    }

    /// <summary>The newest letters.</summary>
    public IReadOnlyList<Letter> Newest(int count)
    {
        using var db = file.Open();
        return [.. db.Query<Letter>($"SELECT {Columns} FROM letters ORDER BY id DESC LIMIT @count", new { count })];
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            file.Write(db => db.Execute("UPDATE letters SET sent_at = @now WHERE sent_at IS NULL", new { now = time.GetUtcNow().ToString("O") }));
        }
    }
}
