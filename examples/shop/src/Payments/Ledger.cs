using Dapper;

namespace Banyan.Examples.Payments;

/// <summary>
/// The charges of one deployment of payments. This file is compiled into the monolith and into the extracted service
/// alike until the extraction is finished; each has a ledger of its own.
/// </summary>
public sealed class Ledger(SqliteFile file, string version, TimeProvider time)
{
    /// <summary>The table, to be created in whichever file the ledger lives in.</summary>
    public const string Schema = """
        CREATE TABLE IF NOT EXISTS charges (
            key TEXT PRIMARY KEY, "order" TEXT NOT NULL, cents INTEGER NOT NULL, card TEXT NOT NULL,
            status TEXT NOT NULL, version TEXT NOT NULL, at TEXT NOT NULL);
        """;

    private const string Columns = """key, "order", cents, card, status, version, at""";

    /// <summary>The bank of this example refuses this card.</summary>
    private const string RefusedCard = "4000-0002";

    /// <summary>
    /// Takes the money, once per key: whoever asks again gets the first answer again, and null when the amount or the
    /// order differs.
    /// </summary>
    public Charge? Take(ChargeRequest request)
    {
        var status = request.Card == RefusedCard ? ChargeStatus.Declined : ChargeStatus.Paid;
        var charge = file.Write(db =>
        {
            db.Execute(
                $"INSERT INTO charges ({Columns}) VALUES (@Key, @Order, @Cents, @Card, @status, @version, @at) ON CONFLICT DO NOTHING",
                new { request.Key, request.Order, request.Cents, request.Card, status, version, at = time.GetUtcNow().ToString("O") });
            return db.QuerySingle<Charge>($"SELECT {Columns} FROM charges WHERE key = @Key", request);
        });
        return charge.Cents == request.Cents && charge.Order == request.Order ? charge : null;
    }

    /// <summary>Gives the money back; null when this ledger has no such charge.</summary>
    public Charge? GiveBack(string key) => file.Write(db =>
    {
        db.Execute(
            "UPDATE charges SET status = @Refunded WHERE key = @key AND status = @Paid",
            new { key, Refunded = ChargeStatus.Refunded, Paid = ChargeStatus.Paid });
        return db.QuerySingleOrDefault<Charge>($"SELECT {Columns} FROM charges WHERE key = @key", new { key });
    });

    /// <summary>The charge with this key, null when this ledger has none.</summary>
    public Charge? Find(string key)
    {
        using var db = file.Open();
        return db.QuerySingleOrDefault<Charge>($"SELECT {Columns} FROM charges WHERE key = @key", new { key });
    }

    /// <summary>The newest charges.</summary>
    public IReadOnlyList<Charge> Newest(int count)
    {
        using var db = file.Open();
        return [.. db.Query<Charge>($"SELECT {Columns} FROM charges ORDER BY at DESC LIMIT @count", new { count })];
    }
}
