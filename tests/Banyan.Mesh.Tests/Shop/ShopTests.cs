using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Xunit;

namespace Banyan.Mesh.Tests.Shop;

public sealed class ShopTests(ShopFixture fixture) : IClassFixture<ShopFixture>
{
    private HttpClient Shop => fixture.Shop;

    [Fact]
    public async Task AVisitorBuysOnThePagesAndSeesWhoCharged()
    {
        Assert.Contains("Ficus benghalensis", await Shop.GetStringAsync("/"), StringComparison.Ordinal);
        Assert.Contains("Add to cart", await Shop.GetStringAsync("/products/banyan"), StringComparison.Ordinal);

        using var added = await PostFormAsync("/cart/items", null, ("product", "banyan"), ("quantity", "2"));
        Assert.Equal(HttpStatusCode.SeeOther, added.StatusCode);
        var cookie = added.Headers.GetValues("Set-Cookie").Single().Split(';')[0];

        using var paid = await PostFormAsync(
            "/checkout", cookie, ("name", "<b>Ada</b>"), ("email", "ada@example.org"), ("card", "4000-0001"));
        var order = await Shop.GetStringAsync(paid.Headers.Location);

        Assert.Contains("payments v1", order, StringComparison.Ordinal);
        Assert.Contains("98.00", order, StringComparison.Ordinal);
        Assert.Contains("payments v1", await Shop.GetStringAsync("/orders"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/products/nothing")]
    [InlineData("/orders/999999")]
    [InlineData("/api/products/nothing")]
    [InlineData("/api/carts/not-a-cart")]
    public async Task WhatIsNotThereIsNotFound(string path)
    {
        using var response = await Shop.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task WhatAVisitorTypesIsEncoded() => Assert.DoesNotContain(
        "<script>", await Shop.GetStringAsync("/?q=%3Cscript%3E&kind=%3Cscript%3E"), StringComparison.Ordinal);

    [Fact]
    public async Task ACartIsOrderedOnce()
    {
        var cart = await FilledCartAsync();
        var first = await CheckoutAsync(cart);
        var second = await CheckoutAsync(cart);
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (first.Status, second.Status));
        Assert.Equal("paid", first.Order.GetProperty("status").GetString());
        Assert.Equal(first.Order.GetRawText(), second.Order.GetRawText());
    }

    [Fact]
    public async Task ARefusedCardIsNotCharged()
    {
        var (status, order) = await CheckoutAsync(await FilledCartAsync(), "4000-0002");
        Assert.Equal(HttpStatusCode.PaymentRequired, status);
        Assert.Equal("declined", order.GetProperty("status").GetString());
    }

    [Fact]
    public async Task ARefundGoesWhereTheChargeIs()
    {
        var (_, order) = await CheckoutAsync(await FilledCartAsync());
        using var refund = await Shop.PostAsync($"/api/orders/{order.GetProperty("id")}/refund", null);
        using var again = await Shop.PostAsync($"/api/orders/{order.GetProperty("id")}/refund", null);
        var charge = await fixture.Payments.GetFromJsonAsync<JsonElement>($"/charges/{order.GetProperty("chargeKey")}");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Conflict), (refund.StatusCode, again.StatusCode));
        Assert.Equal("refunded", charge.GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("monolith")]
    [InlineData("v1")]
    public async Task TheSameKeyChargesOnce(string version)
    {
        var client = version == "v1" ? fixture.Payments : Shop;
        var request = new { key = $"same-{version}", order = "1", cents = 500, card = "4000-0001" };
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => client.PostAsJsonAsync("/charge", request)));
        var bodies = await Task.WhenAll(answers.Select(answer => answer.Content.ReadAsStringAsync()));
        using var other = await client.PostAsJsonAsync("/charge", request with { cents = 501 });
        var charges = await client.GetFromJsonAsync<JsonElement[]>("/charges");

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.Single(bodies.Distinct(StringComparer.Ordinal));
        Assert.Contains($"\"version\":\"{version}\"", bodies[0], StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Conflict, other.StatusCode);
        Assert.Single(charges!, charge => charge.GetProperty("key").GetString() == request.key);
    }

    [Theory]
    [InlineData("""{"key":"","order":"1","cents":5,"card":"x"}""")]
    [InlineData("""{"key":"a","order":"1","cents":0,"card":"x"}""")]
    [InlineData("""{"key":"a","order":"1","cents":-5,"card":"x"}""")]
    [InlineData("{}")]
    [InlineData("nonsense")]
    public async Task AChargeThatMakesNoSenseIsRefused(string json)
    {
        using var body = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        using var response = await fixture.Payments.PostAsync("/charge", body);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    private async Task<string> FilledCartAsync()
    {
        using var created = await Shop.PostAsync("/api/carts", null);
        var cart = (await created.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
        using var added = await Shop.PostAsJsonAsync($"/api/carts/{cart}/items", new { product = "aloe", quantity = 3 });
        Assert.Equal(HttpStatusCode.OK, added.StatusCode);
        return cart;
    }

    private async Task<(HttpStatusCode Status, JsonElement Order)> CheckoutAsync(string cart, string card = "4000-0001")
    {
        using var response = await Shop.PostAsJsonAsync(
            $"/api/carts/{cart}/checkout", new { name = "Ada", email = "ada@example.org", card });
        return (response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>());
    }

    private async Task<HttpResponseMessage> PostFormAsync(string path, string? cookie, params (string Name, string Value)[] fields)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Content = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        if (cookie is not null)
        {
            request.Headers.Add("Cookie", cookie);
        }

        return await Shop.SendAsync(request);
    }
}
