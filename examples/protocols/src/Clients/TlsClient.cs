using System.Net;

namespace Banyan.Examples.Protocols.Clients;

/// <summary>TLS to one port, for servers of two names.</summary>
internal static class TlsClient
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static Loop[] Loops() =>
    [
        new Loop("left", Pause, stop => CallAsync("left.example", stop)),
        new Loop("right", Pause, stop => CallAsync("right.example", stop)),
    ];

    private static Task CallAsync(string name, CancellationToken stop) =>
        FreshCall.SendAsync($"https://{Setting.Upstream("tls", 443)}/who", HttpVersion.Version11, name, stop);
}
