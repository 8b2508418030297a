using Banyan.Examples.Payments;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.UseUrls($"http://127.0.0.1:{Environment.GetEnvironmentVariable("PORT") ?? "5002"}");
var app = builder.Build();

var version = Environment.GetEnvironmentVariable("BANYAN_VERSION") ?? "v1";
var file = new SqliteFile(Path.Combine(SqliteFile.Folder, "payments.db"), Ledger.Schema);
app.MapPayments(new Ledger(file, version, TimeProvider.System));
app.MapGet("/healthz", () => "ok");

await app.RunAsync();
