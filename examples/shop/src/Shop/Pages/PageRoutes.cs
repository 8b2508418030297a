using System.Globalization;
using Banyan.Examples.Shop.Catalog;
using Banyan.Examples.Shop.Notifications;
using Banyan.Examples.Shop.Orders;

namespace Banyan.Examples.Shop.Pages;

/// <summary>The web pages. A cookie names the cart; it is not sent along from other sites, so neither are the forms.</summary>
internal sealed class PageRoutes(Shelf shelf, Carts carts, OrderBook book, Checkout checkout, Outbox outbox)
{
    private const string CartCookie = "cart";

    public void Map(WebApplication app)
    {
        app.MapGet("/site.css", Layout.StyleSheet);
        app.MapGet("/", (HttpContext http, string? kind, string? q) =>
            CatalogPages.Shelf(shelf.List(kind, q), shelf.Kinds(), kind, q, Pieces(http)));
        app.MapGet("/products/{id}", (HttpContext http, string id) =>
            shelf.Find(id) is { } product ? CatalogPages.One(product, Pieces(http)) : Layout.NotFound(Pieces(http)));
        app.MapGet("/cart", (HttpContext http) => OrderPages.ShowCart(CartOf(http) ?? new Cart("", [])));
        app.MapPost("/cart/items", (Delegate)AddAsync);
        app.MapPost("/checkout", (Delegate)CheckoutAsync);
        app.MapGet("/orders", (HttpContext http) => OrderPages.ShowOrders(book.Newest(200), Pieces(http)));
        app.MapGet("/orders/{id:long}", (HttpContext http, long id) => book.Find(id) is { } order
            ? OrderPages.ShowOrder(order, book.Lines(id), outbox.About(id), Pieces(http))
            : Layout.NotFound(Pieces(http)));
        app.MapPost("/orders/{id:long}/refund", RefundAsync);
    }

    private async Task<IResult> AddAsync(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync();
        if (shelf.Find(form["product"].ToString()) is not { } product
            || !int.TryParse(form["quantity"], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var quantity)
            || Math.Abs(quantity) > Carts.MostPieces)
        {
            return Layout.NotFound(Pieces(http));
        }

        var id = CartOf(http)?.Id;
        if (id is null)
        {
            id = Carts.NewId();
            http.Response.Cookies.Append(CartCookie, id, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, IsEssential = true });
        }

        carts.Add(id, product, quantity);
        return SeeOther("/cart");
    }

    private async Task<IResult> CheckoutAsync(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync();
        if (CartOf(http) is not { } cart || ApiRoutes.Problem(form["name"], form["email"], form["card"]) is not null)
        {
            return SeeOther("/cart");
        }

        var order = await checkout.PlaceAsync(cart.Id, form["name"]!, form["email"]!, form["card"]!);
        http.Response.Cookies.Delete(CartCookie);
        return SeeOther(order is null ? "/cart" : $"/orders/{order.Id}");
    }

    private async Task<IResult> RefundAsync(HttpContext http, long id)
    {
        if (book.Find(id) is not { } order)
        {
            return Layout.NotFound(Pieces(http));
        }

        await checkout.RefundAsync(order);
        return SeeOther($"/orders/{id}");
    }

    private static IResult SeeOther(string where) => new AfterPost(where);

    private Cart? CartOf(HttpContext http) =>
        http.Request.Cookies[CartCookie] is { } id && Carts.IsId(id) ? carts.Get(id) : null;

    private long Pieces(HttpContext http) => CartOf(http)?.Lines.Sum(line => line.Quantity) ?? 0;

    /// <summary>303: whatever the form did, the browser continues with GET, and a reload does not post again.</summary>
    private sealed class AfterPost(string where) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
            httpContext.Response.Headers.Location = where;
            return Task.CompletedTask;
        }
    }
}
