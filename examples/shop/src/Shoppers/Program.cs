using Banyan.Examples.Shoppers;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.UseUrls($"http://127.0.0.1:{Environment.GetEnvironmentVariable("PORT") ?? "5003"}");
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton<Tally>();
builder.Services.AddHostedService<Arrivals>();
var app = builder.Build();

app.MapGet("/healthz", () => "ok");
app.MapGet("/tally", (Tally tally) => tally.Read());

await app.RunAsync();
