using System.Net;

namespace Banyan.Examples.Protocols.Clients;

/// <summary>A GET on a connection of its own, which the sidecar has to judge anew.</summary>
internal static class FreshCall
{
    /// <param name="url">What is asked for.</param>
    /// <param name="version">The version of HTTP, and no other.</param>
    /// <param name="name">The name of the server; TLS says it too, and sidecars may route by it.</param>
    /// <param name="stop">Ends the waiting.</param>
    public static async Task SendAsync(string url, Version version, string name, CancellationToken stop)
    {
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback =
            (_, certificate, _, _) => certificate?.Subject == "CN=protocols";
        using var http = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Get, url)
        {
            Version = version,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Host = name;
        using var response = await http.SendAsync(request, stop);
        response.EnsureSuccessStatusCode();
    }
}
