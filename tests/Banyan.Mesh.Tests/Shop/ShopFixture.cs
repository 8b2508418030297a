using System.Net;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Shop;

/// <summary>The example shop without a mesh: the shop asks the extracted payments directly.</summary>
public sealed class ShopFixture : IAsyncLifetime
{
    private readonly TempFolder _data = new("shop");
    private readonly int _shopPort = FreePorts.Next();
    private readonly int _paymentsPort = FreePorts.Next();
    private TestProcess? _shop;
    private TestProcess? _payments;

    /// <summary>Talks to the shop.</summary>
    public HttpClient Shop { get; private set; } = null!;

    /// <summary>Talks to the extracted payments.</summary>
    public HttpClient Payments { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Shop = Client(_shopPort);
        Payments = Client(_paymentsPort);
        var payments = $"http://127.0.0.1:{_paymentsPort}";
        _shop = Start("Shop", _shopPort, new()
        {
            ["PAYMENTS_URL"] = payments,
            ["PAYMENTS_VERSION_URL"] = payments,
            ["PAYMENTS_VERSIONS"] = "v1",
        });
        StartPayments();
        await ReadyAsync(Shop);
        await ReadyAsync(Payments);
    }

    /// <summary>Kills payments.</summary>
    public async Task StopPaymentsAsync() => await _payments!.DisposeAsync();

    /// <summary>Starts payments again, on the same port and data.</summary>
    public async Task RestartPaymentsAsync()
    {
        StartPayments();
        await ReadyAsync(Payments);
    }

    /// <summary>Stops the shop in order and answers its exit code.</summary>
    public async Task<int> StopShopAsync() => (await _shop!.StopAsync()).ExitCode;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Shop.Dispose();
        Payments.Dispose();
        await _shop!.DisposeAsync();
        await _payments!.DisposeAsync();
        _data.Dispose();
    }

    private static HttpClient Client(int port) =>
        new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{port}"),
        };

    private static Task ReadyAsync(HttpClient client) => Eventually.TrueAsync(
        async () => (await client.GetAsync("/healthz")).StatusCode == HttpStatusCode.OK,
        $"{client.BaseAddress} ready");

    private void StartPayments() => _payments = Start("Payments", _paymentsPort, new() { ["BANYAN_VERSION"] = "v1" });

    private TestProcess Start(string name, int port, Dictionary<string, string?> environment)
    {
        environment["PORT"] = $"{port}";
        environment["BANYAN_DATA"] = _data.Path;
        environment["http_proxy"] = null;
        environment["HTTP_PROXY"] = null;
        return TestProcess.Start(Repository.Binary(name, name), [], environment);
    }
}
