using System.Globalization;
using Banyan.Examples.Payments;
using Banyan.Examples.Shop.Notifications;
using Dapper;

namespace Banyan.Examples.Shop.Orders;

/// <summary>The orders module's table and its transitions.</summary>
public sealed class OrderBook(SqliteFile file, TimeProvider time)
{
    /// <summary>The tables.</summary>
    public const string Schema = """
        CREATE TABLE IF NOT EXISTS orders (
            id INTEGER PRIMARY KEY, cart TEXT NOT NULL UNIQUE, name TEXT NOT NULL, email TEXT NOT NULL, cents INTEGER NOT NULL,
            status TEXT NOT NULL, charge_key TEXT NOT NULL, charged_by TEXT, at TEXT NOT NULL);
        CREATE INDEX IF NOT EXISTS orders_open ON orders (status) WHERE status IN ('new', 'unknown');
        CREATE TABLE IF NOT EXISTS order_lines (
            "order" INTEGER NOT NULL, product TEXT NOT NULL, name TEXT NOT NULL, quantity INTEGER NOT NULL, cents INTEGER NOT NULL,
            PRIMARY KEY ("order", product)) WITHOUT ROWID;
        """;

    private const string Columns = "id, cart, name, email, cents, status, charge_key AS ChargeKey, charged_by AS ChargedBy, at";

    /// <summary>
    /// Turns a cart into an order. A cart becomes one order only: pressing the button twice finds the first one
    /// (<c>isNew</c> is false).
    /// </summary>
    public (Order Order, bool IsNew) Place(Cart cart, string name, string email) => file.Write(db =>
    {
        var key = Guid.CreateVersion7().ToString("n");
        var isNew = db.Execute(
            """
            INSERT INTO orders (cart, name, email, cents, status, charge_key, at)
            VALUES (@Id, @name, @email, @Total, 'new', @key, @at) ON CONFLICT DO NOTHING
            """,
            new { cart.Id, name, email, cart.Total, key, at = Now() }) > 0;
        var order = db.QuerySingle<Order>($"SELECT {Columns} FROM orders WHERE cart = @Id", new { cart.Id });
        if (isNew)
        {
            db.Execute(
                """
                INSERT INTO order_lines ("order", product, name, quantity, cents)
                SELECT @Id, product, name, quantity, cents FROM cart_lines WHERE cart = @Cart
                """,
                order);
            db.Execute("DELETE FROM cart_lines WHERE cart = @Cart", order);
        }

        return (order, isNew);
    });

    /// <summary>Writes down what became of the charge; a paid order also leaves a receipt in the outbox.</summary>
    public Order Settle(long id, string status, string? chargedBy) => file.Write(db =>
    {
        var changed = db.Execute(
            "UPDATE orders SET status = @status, charged_by = @chargedBy WHERE id = @id AND status IN ('new', 'unknown')",
            new { id, status, chargedBy });
        var order = db.QuerySingle<Order>($"SELECT {Columns} FROM orders WHERE id = @id", new { id });
        if (changed > 0 && status == OrderStatus.Paid)
        {
            Outbox.Add(db, order.Id, order.Email, $"Receipt for order {order.Id}", Now());
        }

        return order;
    });

    /// <summary>Marks a paid order as refunded.</summary>
    public Order Refunded(long id) => file.Write(db =>
    {
        var changed = db.Execute("UPDATE orders SET status = 'refunded' WHERE id = @id AND status = 'paid'", new { id });
        var order = db.QuerySingle<Order>($"SELECT {Columns} FROM orders WHERE id = @id", new { id });
        if (changed > 0)
        {
            Outbox.Add(db, order.Id, order.Email, $"Refund for order {order.Id}", Now());
        }

        return order;
    });

    /// <summary>One order, null when there is none.</summary>
    public Order? Find(long id)
    {
        using var db = file.Open();
        return db.QuerySingleOrDefault<Order>($"SELECT {Columns} FROM orders WHERE id = @id", new { id });
    }

    /// <summary>The order that a cart became, null when it is still a cart.</summary>
    public Order? FindByCart(string cart)
    {
        using var db = file.Open();
        return db.QuerySingleOrDefault<Order>($"SELECT {Columns} FROM orders WHERE cart = @cart", new { cart });
    }

    /// <summary>What was ordered.</summary>
    public IReadOnlyList<Line> Lines(long id)
    {
        using var db = file.Open();
        return [.. db.Query<Line>("""SELECT product, name, quantity, cents FROM order_lines WHERE "order" = @id ORDER BY name""", new { id })];
    }

    /// <summary>The newest orders.</summary>
    public IReadOnlyList<Order> Newest(int count)
    {
        using var db = file.Open();
        return [.. db.Query<Order>($"SELECT {Columns} FROM orders ORDER BY id DESC LIMIT @count", new { count })];
    }

    /// <summary>Orders whose charge has had no answer for so long.</summary>
    public IReadOnlyList<Order> Unsettled(TimeSpan olderThan)
    {
        using var db = file.Open();
        var before = (time.GetUtcNow() - olderThan).ToString("O", CultureInfo.InvariantCulture);
        return
        [
            .. db.Query<Order>(
                $"SELECT {Columns} FROM orders WHERE status IN ('new', 'unknown') AND at < @before LIMIT 100",
                new { before }),
        ];
    }

    private string Now() => time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture);
}
