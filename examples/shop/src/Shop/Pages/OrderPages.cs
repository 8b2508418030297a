using System.Globalization;
using Banyan.Examples.Shop.Notifications;
using Banyan.Examples.Shop.Orders;

namespace Banyan.Examples.Shop.Pages;

/// <summary>Cart, checkout and orders.</summary>
internal static class OrderPages
{
    public static IResult ShowCart(Cart cart)
    {
        var pieces = cart.Lines.Sum(line => line.Quantity);
        return Layout.Page("Cart", pieces, cart.Lines.Count == 0
            ? Html.Of($"""<h1>Cart</h1><p>Your cart is empty. <a href="/">Have a look around</a></p>""")
            : Html.Of(
                $"""
                <h1>Cart</h1>
                <div class="columns">
                <table><thead><tr><th>Plant</th><th class="n">Pieces</th><th class="n">Price</th><th class="n">Together</th><th></th></tr></thead>
                <tbody>{cart.Lines.Select(line => Row(line, Remove(line)))}</tbody>
                <tfoot><tr><td colspan="3">Total</td><td class="n">{Layout.Money(cart.Total)}</td><td></td></tr></tfoot></table>
                <form method="post" action="/checkout" class="box"><h2>Checkout</h2>
                <label>Name <input name="name" required maxlength="80" autocomplete="name"></label>
                <label>E-mail <input name="email" type="email" required maxlength="120" autocomplete="email"></label>
                <label>Card <select name="card"><option value="4000-0001">Test card, accepted</option><option value="4000-0002">Test card, refused</option></select></label>
                <button>Pay {Layout.Money(cart.Total)}</button></form>
                </div>
                """));
    }

    public static IResult ShowOrder(Order order, IReadOnlyList<Line> lines, IReadOnlyList<Letter> letters, long pieces) =>
        Layout.Page($"Order {order.Id}", pieces, Html.Of(
            $"""
            <p class="path"><a href="/orders">Orders</a> / {order.Id}</p>
            <h1>Order {order.Id} {Status(order.Status)}</h1>
            <div class="columns">
            <table><thead><tr><th>Plant</th><th class="n">Pieces</th><th class="n">Price</th><th class="n">Together</th></tr></thead>
            <tbody>{lines.Select(line => Row(line, Html.None))}</tbody>
            <tfoot><tr><td colspan="3">Total</td><td class="n">{Layout.Money(order.Cents)}</td></tr></tfoot></table>
            <div class="box"><h2>Payment</h2>
            <dl><dt>Charged by</dt><dd>{By(order.ChargedBy)}</dd><dt>At</dt><dd>{Layout.Clock(order.At)} UTC</dd>
            <dt>Charge key</dt><dd><code>{order.ChargeKey}</code></dd></dl>
            {Explain(order.Status)}{Refund(order)}
            <h2>Letters</h2>
            {(letters.Count == 0 ? Html.Of($"<p>None.</p>") : Html.Of($"<ul>{letters.Select(letter => Html.Of($"<li>{letter.Subject}: {(letter.SentAt is null ? "waiting" : "sent")}</li>"))}</ul>"))}</div>
            </div>
            """));

    public static IResult ShowOrders(IReadOnlyList<Order> orders, long pieces)
    {
        var charged = orders.Where(order => order.ChargedBy is not null).ToArray();
        var shares = charged.GroupBy(order => order.ChargedBy!, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => (Version: group.Key, Percent: 100.0 * group.Count() / charged.Length))
            .ToArray();
        return Layout.Page("Orders", pieces, refreshSeconds: 2, content: Html.Of(
            $"""
            <h1>Orders</h1>
            <h2>Who charged the last {charged.Length} orders</h2>
            <div class="share">{shares.Select(share => Html.Of($"""<span class="{Colour(share.Version)}" style="width:{share.Percent.ToString("0.#", CultureInfo.InvariantCulture)}%" title="{share.Version}"></span>"""))}</div>
            <p class="legend">{shares.Select(share => Html.Of($"""{By(share.Version)} {share.Percent.ToString("0", CultureInfo.InvariantCulture)} % """))}</p>
            <table><thead><tr><th>Order</th><th>At (UTC)</th><th>Status</th><th>Charged by</th><th class="n">Total</th></tr></thead>
            <tbody>{orders.Take(25).Select(order => Html.Of($"""<tr><td><a href="/orders/{order.Id}">{order.Id}</a></td><td>{Layout.Clock(order.At)}</td><td>{Status(order.Status)}</td><td>{By(order.ChargedBy)}</td><td class="n">{Layout.Money(order.Cents)}</td></tr>"""))}</tbody></table>
            """));
    }

    private static Html Row(Line line, Html last) => Html.Of(
        $"""
        <tr><td><a href="/products/{line.Product}">{line.Name}</a></td><td class="n">{line.Quantity}</td><td class="n">{Layout.Money(line.Cents)}</td><td class="n">{Layout.Money(line.Total)}</td>{last}</tr>
        """);

    private static Html Remove(Line line) => Html.Of(
        $"""
        <td><form method="post" action="/cart/items"><input type="hidden" name="product" value="{line.Product}"><input type="hidden" name="quantity" value="{-line.Quantity}"><button class="quiet">Remove</button></form></td>
        """);

    private static Html Refund(Order order) => order.Status == OrderStatus.Paid
        ? Html.Of($"""<form method="post" action="/orders/{order.Id}/refund"><button class="quiet">Refund</button></form>""")
        : Html.None;

    private static Html Explain(string status) => status switch
    {
        OrderStatus.Declined => Html.Of($"<p>The card was refused. Nothing was taken.</p>"),
        OrderStatus.Unknown or OrderStatus.New => Html.Of($"<p>Payments has not answered. The shop does not charge again; it looks the charge up.</p>"),
        OrderStatus.Failed => Html.Of($"<p>No version of payments took the money. Please order again.</p>"),
        _ => Html.None,
    };

    private static Html Status(string status) => Html.Of($"""<span class="badge s-{status}">{status}</span>""");

    private static Html By(string? version) => version is null
        ? Html.Of($"–")
        : Html.Of($"""<span class="badge {Colour(version)}">payments {version}</span>""");

    private static string Colour(string version) => version == "monolith" ? "monolith" : "extracted";
}
