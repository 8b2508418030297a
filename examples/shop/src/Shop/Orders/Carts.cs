using Banyan.Examples.Payments;
using Banyan.Examples.Shop.Catalog;
using Dapper;

namespace Banyan.Examples.Shop.Orders;

/// <summary>The carts that shoppers push around.</summary>
public sealed class Carts(SqliteFile file)
{
    /// <summary>The most pieces of one product in one cart.</summary>
    public const int MostPieces = 20;

    /// <summary>The table.</summary>
    public const string Schema = """
        CREATE TABLE IF NOT EXISTS cart_lines (
            cart TEXT NOT NULL, product TEXT NOT NULL, name TEXT NOT NULL, quantity INTEGER NOT NULL, cents INTEGER NOT NULL,
            PRIMARY KEY (cart, product)) WITHOUT ROWID;
        """;

    /// <summary>A name nobody guesses for a new cart.</summary>
    public static string NewId() => Guid.NewGuid().ToString("n");

    /// <summary>Whether this can be the name of a cart.</summary>
    public static bool IsId(string? id) => Guid.TryParseExact(id, "n", out _);

    /// <summary>The cart; one that was never used is empty.</summary>
    public Cart Get(string id)
    {
        using var db = file.Open();
        return new Cart(
            id,
            [.. db.Query<Line>("SELECT product, name, quantity, cents FROM cart_lines WHERE cart = @id ORDER BY name", new { id })]);
    }

    /// <summary>Adds pieces of a product; a negative number takes some out again.</summary>
    public Cart Add(string id, Product product, int quantity)
    {
        file.Write(db =>
        {
            db.Execute(
                """
                INSERT INTO cart_lines (cart, product, name, quantity, cents) VALUES (@id, @product, @Name, @quantity, @Cents)
                ON CONFLICT (cart, product) DO UPDATE SET quantity = quantity + excluded.quantity
                """,
                new { id, product = product.Id, product.Name, quantity, product.Cents });
            db.Execute("UPDATE cart_lines SET quantity = @MostPieces WHERE cart = @id AND quantity > @MostPieces", new { id, MostPieces });
            return db.Execute("DELETE FROM cart_lines WHERE cart = @id AND quantity <= 0", new { id });
        });
        return Get(id);
    }
}
