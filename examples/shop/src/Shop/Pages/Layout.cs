using System.Globalization;
using System.Reflection;

namespace Banyan.Examples.Shop.Pages;

/// <summary>What all pages share.</summary>
internal static class Layout
{
    private static readonly string Style = ReadStyle();

    public static IResult StyleSheet(HttpContext context)
    {
        context.Response.Headers.CacheControl = "max-age=3600";
        return Results.Text(Style, "text/css");
    }

    public static IResult Page(string title, long pieces, Html content, int status = 200, int refreshSeconds = 0)
    {
        var refresh = refreshSeconds > 0 ? Html.Of($"""<meta http-equiv="refresh" content="{refreshSeconds}">""") : Html.None;
        var page = Html.Of(
            $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{title} · The Fig Tree</title>
            <link rel="stylesheet" href="/site.css">
            {refresh}
            </head>
            <body>
            <header><div class="wrap bar">
            <a class="brand" href="/"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 2C7 2 4 6 4 10c0 3 2 5 4 5h3v7h2v-7h3c2 0 4-2 4-5 0-4-3-8-8-8z"/></svg>The Fig Tree</a>
            <nav><a href="/">Plants</a><a href="/orders">Orders</a><a href="/cart">Cart{(pieces > 0 ? Html.Of($"<b class=\"count\">{pieces}</b>") : Html.None)}</a></nav>
            </div></header>
            <main class="wrap">
            {content}
            </main>
            <footer><div class="wrap">An example shop. Nothing is sold, nobody is charged.</div></footer>
            </body>
            </html>
            """);
        return Results.Content(page.Markup, "text/html; charset=utf-8", statusCode: status);
    }

    public static IResult NotFound(long pieces) =>
        Page("Not found", pieces, Html.Of($"""<h1>Not found</h1><p>There is nothing here. <a href="/">Back to the plants</a></p>"""), 404);

    public static string Money(long cents) => string.Create(CultureInfo.InvariantCulture, $"€ {cents / 100}.{cents % 100:00}");

    public static string Clock(string at) =>
        DateTimeOffset.Parse(at, CultureInfo.InvariantCulture).ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    private static string ReadStyle()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("site.css")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
