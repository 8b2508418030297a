using System.Globalization;

namespace Banyan.Examples.Shoppers;

/// <summary>
/// Lets visitors in at random moments, so many a second that their requests add up to <c>SHOPPERS_RATE</c>. A slow shop
/// does not slow the arrivals down; only a full one (a thousand visitors) turns people away.
/// </summary>
public sealed class Arrivals(Tally tally, TimeProvider time) : BackgroundService
{
    private const int MostVisitors = 1000;

    private static readonly Uri Shop = new(Environment.GetEnvironmentVariable("SHOPPERS_URL") ?? "http://shop");

    private int _visitors;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var rate = Number("SHOPPERS_RATE", 150);
        var think = TimeSpan.FromMilliseconds(Number("SHOPPERS_THINK_MS", 400));
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false })
        {
            Timeout = TimeSpan.FromSeconds(10),
        };
        var start = time.GetTimestamp();
        var next = TimeSpan.Zero;
        while (!stoppingToken.IsCancellationRequested)
        {
            next += TimeSpan.FromSeconds(-Math.Log(1 - Random.Shared.NextDouble()) * Visit.AverageRequests / rate);
            var wait = next - time.GetElapsedTime(start);
            if (wait > TimeSpan.FromMilliseconds(1))
            {
                await Task.Delay(wait, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            if (Volatile.Read(ref _visitors) < MostVisitors)
            {
                _ = VisitAsync(new Visit(http, Shop, tally, think, time), stoppingToken);
            }
        }

        while (Volatile.Read(ref _visitors) > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), time, CancellationToken.None);
        }
    }

    private static double Number(string name, double otherwise) =>
        double.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : otherwise;

    private async Task VisitAsync(Visit visit, CancellationToken stop)
    {
        Interlocked.Increment(ref _visitors);
        try
        {
            await visit.RunAsync(stop);
        }
        catch (OperationCanceledException)
        {
            // The shoppers are going home.
        }
        finally
        {
            Interlocked.Decrement(ref _visitors);
        }
    }
}
