namespace Banyan.Examples.Payments;

/// <summary>Asks for money. The key names the purchase: the same key never charges twice.</summary>
public sealed record ChargeRequest(string Key, string Order, long Cents, string Card);

/// <summary>Gives the money of a charge back. A second refund of the same charge changes nothing.</summary>
public sealed record RefundRequest(string Key);

/// <summary>A charge as the ledger knows it; <c>Version</c> says which deployment of payments holds it.</summary>
public sealed record Charge(string Key, string Order, long Cents, string Card, string Status, string Version, string At);

/// <summary>What happened to a charge.</summary>
public static class ChargeStatus
{
    /// <summary>The money was taken.</summary>
    public const string Paid = "paid";

    /// <summary>The card was refused; nothing was taken.</summary>
    public const string Declined = "declined";

    /// <summary>The money was taken and given back.</summary>
    public const string Refunded = "refunded";
}
