namespace Banyan.Examples.Protocols.Backends;

/// <summary>Ports of which nobody said what they speak: HTTP/1.1, HTTP/2, and the application's own TLS.</summary>
internal static class UndeclaredBackend
{
    public static Task RunAsync()
    {
        var tally = new Tally().With("http1", "requests").With("http2", "requests").With("tls", "requests");
        var app = Host.Create(
            tally, ("", Host.Http1), ("ONE", Host.Http1), ("TWO", Host.Http2), ("THREE", OwnCertificate.Listen));
        app.MapGet("/what", (HttpContext context) => tally.Add(What(context.Request), "requests"));
        return app.RunAsync();
    }

    private static string What(HttpRequest request) =>
        request.IsHttps ? "tls" : HttpProtocol.IsHttp2(request.Protocol) ? "http2" : "http1";
}
