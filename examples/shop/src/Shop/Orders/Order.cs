namespace Banyan.Examples.Shop.Orders;

/// <summary>A purchase. <c>ChargedBy</c> is the version of payments that took the money.</summary>
public sealed record Order(long Id, string Cart, string Name, string Email, long Cents, string Status, string ChargeKey, string? ChargedBy, string At);

/// <summary>Where an order stands.</summary>
public static class OrderStatus
{
    /// <summary>Being charged.</summary>
    public const string New = "new";

    /// <summary>Charged.</summary>
    public const string Paid = "paid";

    /// <summary>The card was refused.</summary>
    public const string Declined = "declined";

    /// <summary>No answer from payments: it may or may not have charged. Never charged again, but looked up.</summary>
    public const string Unknown = "unknown";

    /// <summary>Looked up: no version of payments took the money.</summary>
    public const string Failed = "failed";

    /// <summary>Charged and given back.</summary>
    public const string Refunded = "refunded";
}
