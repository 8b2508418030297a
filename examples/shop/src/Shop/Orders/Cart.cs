namespace Banyan.Examples.Shop.Orders;

/// <summary>A line of a cart or of an order, with the price it had when it was put there.</summary>
public sealed record Line(string Product, string Name, long Quantity, long Cents)
{
    /// <summary>Price of the whole line.</summary>
    public long Total => Quantity * Cents;
}

/// <summary>What a shopper has picked up.</summary>
public sealed record Cart(string Id, IReadOnlyList<Line> Lines)
{
    /// <summary>Price of everything.</summary>
    public long Total => Lines.Sum(line => line.Total);
}
