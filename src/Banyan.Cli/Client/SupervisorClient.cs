using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Banyan.Cli.Up;

namespace Banyan.Cli.Client;

/// <summary>A supervisor's socket.</summary>
internal sealed class SupervisorClient(StatePaths state) : IDisposable
{
    // A rolling restart waits for requests in flight, replica by replica.
    private readonly HttpClient _http = UnixHttp.Create(state.SupervisorSocket, Timeout.InfiniteTimeSpan);

    /// <summary>What runs; nothing when no supervisor answers.</summary>
    public async Task<MeshReport?> TryReportAsync(CancellationToken cancel)
    {
        try
        {
            return await _http.GetFromJsonAsync<MeshReport>(
                new Uri("processes", UriKind.Relative), JsonSerializerOptions.Web, cancel);
        }
        catch (HttpRequestException exception) when (exception.InnerException is SocketException or IOException or null)
        {
            return null;
        }
    }

    /// <summary>Asks for the end of everything.</summary>
    /// <returns>False when no supervisor answers.</returns>
    public async Task<bool> TryDownAsync(CancellationToken cancel)
    {
        try
        {
            using var response = await _http.PostAsync(new Uri("down", UriKind.Relative), null, cancel);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Restarts a service, replica by replica.</summary>
    /// <exception cref="UserException">No supervisor answers, or it refuses.</exception>
    public async Task<IReadOnlyList<string>> RestartAsync(string service, string? ns, CancellationToken cancel)
    {
        var query = $"restart?service={Uri.EscapeDataString(service)}";
        query += ns is null ? "" : $"&ns={Uri.EscapeDataString(ns)}";
        try
        {
            using var response = await _http.PostAsync(new Uri(query, UriKind.Relative), null, cancel);
            var answer = await response.Content.ReadFromJsonAsync<JsonObject>(cancel);
            return response.IsSuccessStatusCode
                ? [.. answer?["restarted"]?.AsArray().Select(node => node!.GetValue<string>()) ?? []]
                : throw new UserException(answer?["detail"]?.GetValue<string>() ?? $"the supervisor answers {(int)response.StatusCode}");
        }
        catch (HttpRequestException)
        {
            throw new UserException(
                $"nothing runs with the state directory {state.Folder}: start it with 'banyan up PATH', or name another --state",
                ExitCodes.Unreachable);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();
}
