using System.Net.Http.Json;
using System.Text.Json;
using Banyan.Cli.Client;
using Banyan.Control.Api;

namespace Banyan.Cli.Up;

/// <summary>Knows when every sidecar acts on what the control plane was told last.</summary>
internal static class Acknowledgement
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// Waits until every sidecar is connected and has acknowledged all that the control plane published; at most
    /// <paramref name="limit"/>, and not at all while the control plane is away.
    /// </summary>
    public static async Task WaitAsync(string controlSocket, TimeSpan limit, TimeProvider time, CancellationToken cancel)
    {
        using var control = UnixHttp.Create(controlSocket, limit);
        var start = time.GetTimestamp();
        try
        {
            while (time.GetElapsedTime(start) < limit)
            {
                var status = await control.GetFromJsonAsync<StatusDocument>(
                    new Uri("api/v1/status", UriKind.Relative), JsonSerializerOptions.Web, cancel);
                if (status!.Proxies.All(proxy => proxy.Synced))
                {
                    return;
                }

                await Task.Delay(Pause, time, cancel);
            }
        }
        catch (Exception exception) when (
            exception is HttpRequestException || (exception is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            // Nobody can be asked: what follows keeps accepting for a while anyway.
        }
    }
}
