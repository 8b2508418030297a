using Banyan.Examples.Shop.Catalog;

namespace Banyan.Examples.Shop.Pages;

/// <summary>The shelf and one product of it.</summary>
internal static class CatalogPages
{
    public static IResult Shelf(IReadOnlyList<Product> products, IReadOnlyList<string> kinds, string? kind, string? word, long pieces)
    {
        var found = products.Count == 0
            ? Html.Of($"<p>Nothing of that kind today.</p>")
            : Html.Of($"""<div class="shelf">{products.Select(Card)}</div>""");
        return Layout.Page(kind ?? "Plants", pieces, Html.Of(
            $"""
            <div class="head"><h1>{kind ?? "Plants"}</h1>
            <form action="/" class="search"><input name="q" value="{word}" placeholder="Search" aria-label="Search"><button class="quiet">Search</button></form></div>
            <p class="kinds"><a href="/" class="{(kind is null ? "here" : "")}">All</a>{kinds.Select(name => Html.Of($"""<a href="/?kind={Uri.EscapeDataString(name)}" class="{(name == kind ? "here" : "")}">{name}</a>"""))}</p>
            {found}
            """));
    }

    public static IResult One(Product product, long pieces) => Layout.Page(product.Name, pieces, Html.Of(
        $"""
        <p class="path"><a href="/">Plants</a> / <a href="/?kind={Uri.EscapeDataString(product.Kind)}">{product.Kind}</a></p>
        <div class="product">
        <div>{Picture.Of(product)}</div>
        <div><h1>{product.Name}</h1><p class="latin">{product.Latin}</p><p>{product.Text}</p>
        <p class="price">{Layout.Money(product.Cents)}</p>
        <form method="post" action="/cart/items"><input type="hidden" name="product" value="{product.Id}">
        <label>Pieces <input name="quantity" type="number" value="1" min="1" max="20"></label>
        <button>Add to cart</button></form></div>
        </div>
        """));

    private static Html Card(Product product) => Html.Of(
        $"""
        <a class="card" href="/products/{product.Id}">{Picture.Of(product)}
        <span class="name">{product.Name}</span><span class="latin">{product.Latin}</span><span class="price">{Layout.Money(product.Cents)}</span></a>
        """);
}
