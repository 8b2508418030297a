using System.Net;

namespace Banyan.Examples.Shoppers;

/// <summary>
/// One visitor: looks at the shelf, at a plant or three, and two times out of three buys. Thinks between the pages.
/// </summary>
public sealed class Visit(HttpClient http, Uri shop, Tally tally, TimeSpan think, TimeProvider time)
{
    /// <summary>Requests of an average visit; the arrivals are spaced by it.</summary>
    public const double AverageRequests = 5.67;

    private static readonly string[] Kinds = ["", "?kind=Trees", "?kind=Foliage", "?kind=Succulents", "?kind=Flowering", "?q=fig"];

    private static readonly string[] Plants =
    [
        "banyan", "weeping-fig", "rubber-plant", "olive", "monstera", "calathea", "fern", "pothos", "aloe", "jade",
        "string-of-pearls", "peace-lily", "orchid", "jasmine", "pot", "can",
    ];

    private static readonly string[] Names = ["Ada", "Mira", "Jonas", "Lena", "Tom", "Aiko", "Samir", "Clara", "Noor", "Emil"];

    private readonly Random _random = new();
    private string? _cart;

    /// <summary>The whole visit; ends early when the shop fails or closes.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        tally.Visit();
        if (!await GetAsync("/" + Pick(Kinds), stop))
        {
            return;
        }

        var plant = Pick(Plants);
        for (var looks = _random.Next(1, 4); looks > 0; looks--)
        {
            plant = Pick(Plants);
            if (!await GetAsync($"/products/{plant}", stop))
            {
                return;
            }
        }

        if (_random.Next(3) == 0)
        {
            return;
        }

        await BuyAsync(plant, stop);
    }

    private async Task BuyAsync(string plant, CancellationToken stop)
    {
        var cart = await SendAsync(HttpMethod.Post, "/cart/items", stop, ("product", plant), ("quantity", $"{_random.Next(1, 4)}"));
        if (cart is null || !await GetAsync(cart, stop))
        {
            return;
        }

        var name = Pick(Names);
        var order = await SendAsync(
            HttpMethod.Post, "/checkout", stop, ("name", name), ("email", $"{name}@example.org"), ("card", "4000-0001"));
        if (order is not null)
        {
            tally.Order();
            await GetAsync(order, stop);
        }
    }

    private async Task<bool> GetAsync(string path, CancellationToken stop) =>
        await SendAsync(HttpMethod.Get, path, stop) is not null;

    /// <summary>Sends, after a thought, and answers where the shop sent the visitor on; null when it failed.</summary>
    private async Task<string?> SendAsync(HttpMethod method, string path, CancellationToken stop, params (string Name, string Value)[] form)
    {
        await Task.Delay(think * -Math.Log(1 - _random.NextDouble()), time, stop);
        using var request = new HttpRequestMessage(method, new Uri(shop, path));
        request.Content = form.Length == 0 ? null : new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        if (_cart is not null)
        {
            request.Headers.Add("Cookie", _cart);
        }

        tally.Request();
        try
        {
            // Once begun, a request is not cut off by the end of the visit.
            using var response = await http.SendAsync(request, CancellationToken.None);
            if (response.StatusCode >= HttpStatusCode.InternalServerError)
            {
                tally.Failure();
                return null;
            }

            if (response.Headers.TryGetValues("Set-Cookie", out var cookies))
            {
                _cart = cookies.First().Split(';')[0];
            }

            return response.Headers.Location?.ToString() ?? path;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            tally.Failure();
            return null;
        }
    }

    private T Pick<T>(T[] from) => from[_random.Next(from.Length)];
}
