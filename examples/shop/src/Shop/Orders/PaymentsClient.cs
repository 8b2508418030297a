using System.Net;
using Banyan.Examples.Payments;

namespace Banyan.Examples.Shop.Orders;

/// <summary>
/// How orders reach payments: by the name of the service, through the proxy that <c>http_proxy</c> names. Which version
/// answers is the mesh's business. Only who asks about an existing charge must go where that charge is, and does so by
/// the name of the version.
/// </summary>
public sealed class PaymentsClient(HttpClient http, string service, string version)
{
    /// <summary>Reads <c>PAYMENTS_URL</c> and <c>PAYMENTS_VERSION_URL</c>, which only a run without a mesh needs to set.</summary>
    public static PaymentsClient FromEnvironment(HttpClient http) => new(
        http,
        Environment.GetEnvironmentVariable("PAYMENTS_URL") ?? "http://payments",
        Environment.GetEnvironmentVariable("PAYMENTS_VERSION_URL") ?? "http://payments-{version}");

    /// <summary>
    /// Charges. Null means that nobody knows: no answer came, or one that says nothing about the money. It is not
    /// repeated here; the order is looked up later.
    /// </summary>
    public async Task<Charge?> ChargeAsync(ChargeRequest request)
    {
        try
        {
            using var response = await http.PostAsJsonAsync($"{service}/charge", request);
            return response.StatusCode is HttpStatusCode.OK or HttpStatusCode.PaymentRequired
                ? await response.Content.ReadFromJsonAsync<Charge>()
                : null;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException or System.Text.Json.JsonException)
        {
            return null;
        }
    }

    /// <summary>Refunds a charge at the version that took it; false when that did not work.</summary>
    public async Task<bool> RefundAsync(string key, string chargedBy)
    {
        try
        {
            using var response = await http.PostAsJsonAsync($"{Of(chargedBy)}/refund", new RefundRequest(key));
            return response.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    /// <summary>Asks one version for a charge. Throws when it does not answer; null when it says there is none.</summary>
    public async Task<Charge?> FindAsync(string key, string atVersion)
    {
        using var response = await http.GetAsync(new Uri($"{Of(atVersion)}/charges/{key}"));
        if (response.StatusCode == HttpStatusCode.NotFound && !response.Headers.Contains("x-banyan-error"))
        {
            return null;
        }

        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<Charge>();
    }

    private string Of(string name) => version.Replace("{version}", name, StringComparison.Ordinal);
}
