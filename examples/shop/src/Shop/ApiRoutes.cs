using Banyan.Examples.Shop.Catalog;
using Banyan.Examples.Shop.Notifications;
using Banyan.Examples.Shop.Orders;

namespace Banyan.Examples.Shop;

/// <summary>Adds a product to a cart.</summary>
public sealed record AddItem(string Product, int Quantity = 1);

/// <summary>Who buys, and with which card.</summary>
public sealed record Buyer(string Name, string Email, string Card);

/// <summary>The JSON interface: what the pages do, for programs.</summary>
internal sealed class ApiRoutes(Shelf shelf, Carts carts, OrderBook book, Checkout checkout, Outbox outbox)
{
    public void Map(WebApplication app)
    {
        var api = app.MapGroup("/api");
        api.MapGet("/products", (string? kind, string? q) => shelf.List(kind, q));
        api.MapGet("/products/{id}", (string id) => OrNotFound(shelf.Find(id)));
        api.MapPost("/carts", () => Results.Json(new Cart(Carts.NewId(), []), statusCode: 201));
        api.MapGet("/carts/{id}", (string id) => Carts.IsId(id) ? Results.Ok(carts.Get(id)) : Results.NotFound());
        api.MapPost("/carts/{id}/items", Add);
        api.MapPost("/carts/{id}/checkout", CheckoutAsync);
        api.MapGet("/orders", (int? limit) => book.Newest(Math.Clamp(limit ?? 50, 1, 500)));
        api.MapGet("/orders/{id:long}", (long id) => book.Find(id) is { } order
            ? Results.Ok(new { order, lines = book.Lines(id), letters = outbox.About(id) })
            : Results.NotFound());
        api.MapPost("/orders/{id:long}/refund", RefundAsync);
        api.MapGet("/letters", () => outbox.Newest(50));
    }

    /// <summary>What is wrong with a buyer's details, null when nothing is.</summary>
    public static string? Problem(string? name, string? email, string? card)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > 80)
        {
            return "name: 1 to 80 characters are needed";
        }

        if (string.IsNullOrWhiteSpace(email) || email.Length > 120 || !email.Contains('@', StringComparison.Ordinal))
        {
            return "email: an address of at most 120 characters is needed";
        }

        return string.IsNullOrWhiteSpace(card) || card.Length > 40 ? "card: 1 to 40 characters are needed" : null;
    }

    private static IResult OrNotFound<T>(T? value) => value is null ? Results.NotFound() : Results.Ok(value);

    private IResult Add(string id, AddItem item)
    {
        if (!Carts.IsId(id) || shelf.Find(item.Product) is not { } product)
        {
            return Results.NotFound();
        }

        return Math.Abs(item.Quantity) > Carts.MostPieces
            ? Results.Problem($"quantity: at most {Carts.MostPieces}", statusCode: 400)
            : Results.Ok(carts.Add(id, product, item.Quantity));
    }

    private async Task<IResult> CheckoutAsync(string id, Buyer buyer)
    {
        if (!Carts.IsId(id))
        {
            return Results.NotFound();
        }

        if (Problem(buyer.Name, buyer.Email, buyer.Card) is { } problem)
        {
            return Results.Problem(problem, statusCode: 400);
        }

        return await checkout.PlaceAsync(id, buyer.Name, buyer.Email, buyer.Card) switch
        {
            null => Results.Problem("the cart is empty", statusCode: 409),
            { Status: OrderStatus.Declined } order => Results.Json(order, statusCode: 402),
            { Status: OrderStatus.Unknown } order => Results.Json(order, statusCode: 202),
            var order => Results.Json(order, statusCode: 201),
        };
    }

    private async Task<IResult> RefundAsync(long id)
    {
        if (book.Find(id) is not { } order)
        {
            return Results.NotFound();
        }

        return await checkout.RefundAsync(order) is { } refunded
            ? Results.Ok(refunded)
            : Results.Problem($"order {id} is {order.Status} and was not refunded", statusCode: 409);
    }
}
