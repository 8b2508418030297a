using Banyan.Examples.Payments;
using Dapper;

namespace Banyan.Examples.Shop.Catalog;

/// <summary>The catalog module: what the shop sells.</summary>
public sealed class Shelf
{
    /// <summary>The table.</summary>
    public const string Schema = """
        CREATE TABLE IF NOT EXISTS products (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, latin TEXT NOT NULL, kind TEXT NOT NULL,
            cents INTEGER NOT NULL, text TEXT NOT NULL);
        """;

    private const string Columns = "id, name, latin, kind, cents, text";

    private readonly SqliteFile _file;

    /// <summary>Opens the shelf and fills it on first use.</summary>
    public Shelf(SqliteFile file)
    {
        _file = file;
        file.Write(db => db.Execute(
            $"INSERT INTO products ({Columns}) VALUES (@Id, @Name, @Latin, @Kind, @Cents, @Text) ON CONFLICT DO NOTHING",
            Seed.Products));
    }

    /// <summary>Everything, or one kind of it, or what contains a word.</summary>
    public IReadOnlyList<Product> List(string? kind = null, string? word = null)
    {
        using var db = _file.Open();
        return
        [
            .. db.Query<Product>(
                $"""
                SELECT {Columns} FROM products
                WHERE (@kind IS NULL OR kind = @kind) AND (@word IS NULL OR instr(lower(name || ' ' || latin), lower(@word)) > 0)
                ORDER BY name
                """,
                new { kind = Blank(kind), word = Blank(word) }),
        ];
    }

    /// <summary>One product, null when there is none.</summary>
    public Product? Find(string id)
    {
        using var db = _file.Open();
        return db.QuerySingleOrDefault<Product>($"SELECT {Columns} FROM products WHERE id = @id", new { id });
    }

    /// <summary>The kinds of products there are.</summary>
    public IReadOnlyList<string> Kinds()
    {
        using var db = _file.Open();
        return [.. db.Query<string>("SELECT DISTINCT kind FROM products ORDER BY kind")];
    }

    private static string? Blank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
