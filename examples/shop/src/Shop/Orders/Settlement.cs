namespace Banyan.Examples.Shop.Orders;

/// <summary>
/// Looks up orders whose charge had no answer. A charge is never sent twice: the two versions of payments keep separate
/// ledgers, so a repetition could land at the other one and take the money again.
/// </summary>
public sealed partial class Settlement(OrderBook book, PaymentsClient payments, TimeProvider time, ILogger<Settlement> log)
    : BackgroundService
{
    /// <summary>Longer than a charge can be under way (the client gives up after five seconds).</summary>
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(20);

    private readonly string[] _versions =
        (Environment.GetEnvironmentVariable("PAYMENTS_VERSIONS") ?? "monolith,v1").Split(',', StringSplitOptions.TrimEntries);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(5), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var order in book.Unsettled(Age))
            {
                await SettleAsync(order);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "order {Order} stays unsettled: {Reason}")]
    private static partial void LogUnsettled(ILogger log, long order, string reason);

    private async Task SettleAsync(Order order)
    {
        try
        {
            foreach (var version in _versions)
            {
                if (await payments.FindAsync(order.ChargeKey, version) is { } charge)
                {
                    book.Settle(order.Id, charge.Status, charge.Version);
                    return;
                }
            }

            book.Settle(order.Id, OrderStatus.Failed, chargedBy: null);
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            LogUnsettled(log, order.Id, error.Message);
        }
    }
}
