using Banyan.Examples.Payments;
using Banyan.Examples.Shop;
using Banyan.Examples.Shop.Catalog;
using Banyan.Examples.Shop.Notifications;
using Banyan.Examples.Shop.Orders;
using Banyan.Examples.Shop.Pages;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.UseUrls($"http://127.0.0.1:{Environment.GetEnvironmentVariable("PORT") ?? "5001"}");

// One file for all modules, as monoliths have it: payments' table stands beside the others.
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton(new SqliteFile(
    Path.Combine(SqliteFile.Folder, "shop.db"),
    Shelf.Schema + Carts.Schema + OrderBook.Schema + Outbox.Schema + Ledger.Schema));
builder.Services.AddSingleton<Shelf>();
builder.Services.AddSingleton<Carts>();
builder.Services.AddSingleton<OrderBook>();
builder.Services.AddSingleton<Outbox>();
builder.Services.AddSingleton<Checkout>();
builder.Services.AddSingleton<PageRoutes>();
builder.Services.AddSingleton<ApiRoutes>();
builder.Services.AddSingleton(PaymentsClient.FromEnvironment(new HttpClient { Timeout = TimeSpan.FromSeconds(5) }));
builder.Services.AddHostedService(services => services.GetRequiredService<Outbox>());
builder.Services.AddHostedService<Settlement>();
var app = builder.Build();

app.Services.GetRequiredService<PageRoutes>().Map(app);
app.Services.GetRequiredService<ApiRoutes>().Map(app);
app.MapPayments(new Ledger(app.Services.GetRequiredService<SqliteFile>(), "monolith", TimeProvider.System));
app.MapGet("/healthz", () => "ok");

await app.RunAsync();
