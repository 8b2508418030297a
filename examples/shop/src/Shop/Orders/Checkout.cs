using Banyan.Examples.Payments;

namespace Banyan.Examples.Shop.Orders;

/// <summary>From a full cart to a paid order, and back.</summary>
public sealed class Checkout(Carts carts, OrderBook book, PaymentsClient payments)
{
    /// <summary>Places the order and has it charged; null when the cart is empty and was never ordered.</summary>
    public async Task<Order?> PlaceAsync(string cartId, string name, string email, string card)
    {
        var cart = carts.Get(cartId);
        if (cart.Lines.Count == 0)
        {
            return book.FindByCart(cartId);
        }

        var (order, isNew) = book.Place(cart, name, email);
        if (!isNew)
        {
            // The second press of the button. The first one charges, or has charged.
            return order;
        }

        var charge = await payments.ChargeAsync(new ChargeRequest(order.ChargeKey, $"{order.Id}", order.Cents, card));
        return charge switch
        {
            null => book.Settle(order.Id, OrderStatus.Unknown, chargedBy: null),
            { Status: ChargeStatus.Declined } => book.Settle(order.Id, OrderStatus.Declined, charge.Version),
            _ => book.Settle(order.Id, OrderStatus.Paid, charge.Version),
        };
    }

    /// <summary>Gives the money back; null when there is nothing to give back or payments did not do it.</summary>
    public async Task<Order?> RefundAsync(Order order) =>
        order is { Status: OrderStatus.Paid, ChargedBy: { } version } && await payments.RefundAsync(order.ChargeKey, version)
            ? book.Refunded(order.Id)
            : null;
}
