using System.Net;

namespace Banyan.Examples.Protocols.Clients;

/// <summary>Calls ports of which nobody said what they speak: in HTTP/1.1, in HTTP/2, and in TLS.</summary>
internal static class UndeclaredClient
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static Loop[] Loops() =>
    [
        new Loop("http1", Pause, stop => CallAsync("http", 81, HttpVersion.Version11, stop)),
        new Loop("http2", Pause, stop => CallAsync("http", 82, HttpVersion.Version20, stop)),
        new Loop("tls", Pause, stop => CallAsync("https", 83, HttpVersion.Version11, stop)),
    ];

    private static Task CallAsync(string scheme, int port, Version version, CancellationToken stop) =>
        FreshCall.SendAsync($"{scheme}://{Setting.Upstream("undeclared", port)}/what", version, "undeclared", stop);
}
