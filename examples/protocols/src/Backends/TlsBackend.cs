namespace Banyan.Examples.Protocols.Backends;

/// <summary>TLS that the sidecars pass through unread, to a port for each name of a server.</summary>
internal static class TlsBackend
{
    public static Task RunAsync()
    {
        var tally = new Tally().With("left", "requests", "strangers").With("right", "requests", "strangers");
        var left = Host.Port("LEFT");
        var app = Host.Create(
            tally,
            ("", Host.Http1),
            ("FRONT", OwnCertificate.Listen),
            ("LEFT", OwnCertificate.Listen),
            ("RIGHT", OwnCertificate.Listen));
        app.MapGet("/who", (HttpContext context) =>
        {
            var name = context.Connection.LocalPort == left ? "left" : "right";

            // Only the two ends can read this; it is the name that the client said to TLS too.
            tally.Add(name, context.Request.Host.Host == $"{name}.example" ? "requests" : "strangers");
        });
        return app.RunAsync();
    }
}
