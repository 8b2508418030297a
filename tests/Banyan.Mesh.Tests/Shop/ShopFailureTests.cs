using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Shop;

public sealed class ShopFailureTests(ShopFixture fixture) : IClassFixture<ShopFixture>
{
    [Fact]
    public async Task AChargeWithoutAnswerIsLookedUpAndNotRepeated()
    {
        await fixture.StopPaymentsAsync();
        using var created = await fixture.Shop.PostAsync("/api/carts", null);
        var cart = (await created.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString();
        using var added = await fixture.Shop.PostAsJsonAsync($"/api/carts/{cart}/items", new { product = "aloe", quantity = 1 });
        using var response = await fixture.Shop.PostAsJsonAsync(
            $"/api/carts/{cart}/checkout", new { name = "Ada", email = "ada@example.org", card = "4000-0001" });
        var order = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((HttpStatusCode.Accepted, "unknown"), (response.StatusCode, order.GetProperty("status").GetString()));

        await fixture.RestartPaymentsAsync();
        var settled = await Eventually.GetAsync(
            async () => (await fixture.Shop.GetFromJsonAsync<JsonElement>($"/api/orders/{order.GetProperty("id")}"))
                .GetProperty("order").GetProperty("status").GetString(),
            static status => status is not "unknown",
            "the order to be settled",
            TimeSpan.FromSeconds(90));
        var charges = await fixture.Payments.GetFromJsonAsync<JsonElement[]>("/charges");

        Assert.Equal("failed", settled);
        Assert.Empty(charges!);
        Assert.Equal(0, await fixture.StopShopAsync());
    }
}
