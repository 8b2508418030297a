using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Banyan.Cli.Up;
using Banyan.Control.Api;
using Banyan.Model;

namespace Banyan.Cli.Client;

/// <summary>The control plane's API over its unix socket, with errors in words that say what to do.</summary>
internal sealed class ControlClient : IDisposable
{
    /// <summary>What the control plane calls a text that was sent to it.</summary>
    private const string ApiFile = "api";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;
    private readonly string _socket;

    public ControlClient(StatePaths state)
    {
        _socket = state.ControlSocket;
        _http = UnixHttp.Create(_socket, Patience);
    }

    /// <summary>GET /api/v1/status.</summary>
    public Task<StatusDocument> StatusAsync(CancellationToken cancel) => GetAsync<StatusDocument>("api/v1/status", cancel);

    /// <summary>GET /api/v1/traffic, with histograms.</summary>
    public Task<TrafficDocument> TrafficAsync(CancellationToken cancel) =>
        GetAsync<TrafficDocument>("api/v1/traffic?raw=true", cancel);

    /// <summary>The objects of a kind, as the control plane shows them.</summary>
    public async Task<JsonArray> ResourcesAsync(string kind, string? ns, string? name, CancellationToken cancel)
    {
        var query = new StringBuilder($"api/v1/resources/{Uri.EscapeDataString(kind)}?");
        if (ns is not null)
        {
            query.Append($"namespace={Uri.EscapeDataString(ns)}&");
        }

        if (name is not null)
        {
            query.Append($"name={Uri.EscapeDataString(name)}");
        }

        var document = await GetAsync<JsonObject>(query.ToString(), cancel);
        return document["items"] as JsonArray ?? [];
    }

    /// <summary>GET /api/v1/instances: who runs where; nothing when no control plane answers.</summary>
    public async Task<IReadOnlyList<WorkloadInstance>?> TryInstancesAsync(CancellationToken cancel)
    {
        try
        {
            var document = await GetAsync<JsonObject>("api/v1/instances", cancel);
            return
            [
                .. (document["items"] as JsonArray ?? []).Select(item =>
                    WorkloadInstance.TryParse(item!.ToJsonString(), out var instance, out var error)
                        ? instance
                        : throw new UserException($"the control plane's answer cannot be read ({error}): is it of another version?")),
            ];
        }
        catch (UserException exception) when (exception.ExitCode == ExitCodes.Unreachable)
        {
            return null;
        }
    }

    /// <summary>POST /api/v1/apply.</summary>
    /// <param name="text">The objects.</param>
    /// <param name="name">Where they come from: in messages it stands for what the control plane knows only as the API.</param>
    /// <param name="take">Whether to take over what others own.</param>
    /// <param name="dryRun">Whether to change nothing.</param>
    /// <param name="cancel">The end.</param>
    public async Task<ApplyResult> ApplyAsync(string text, string name, bool take, bool dryRun, CancellationToken cancel)
    {
        using var content = new StringContent(text, Encoding.UTF8, "text/yaml");
        var query = $"api/v1/apply?by={Uri.EscapeDataString(Environment.UserName)}&take={Bit(take)}&dryRun={Bit(dryRun)}";
        try
        {
            using var response = await SendAsync(HttpMethod.Post, query, content, cancel);
            return await ReadAsync<ApplyResult>(response, cancel);
        }
        catch (RefusedException refused)
        {
            throw new RefusedException(
                refused.Message,
                [.. refused.Problems.Select(problem => problem.File == ApiFile ? problem with { File = name } : problem)]);
        }
    }

    /// <summary>POST /api/v1/files/accept-removal.</summary>
    public async Task AcceptRemovalAsync(string path, CancellationToken cancel)
    {
        var query = $"api/v1/files/accept-removal?path={Uri.EscapeDataString(path)}";
        using var response = await SendAsync(HttpMethod.Post, query, null, cancel);
    }

    /// <summary>DELETE of one object.</summary>
    public async Task DeleteAsync(string kind, string ns, string name, CancellationToken cancel)
    {
        var path = $"api/v1/resources/{Uri.EscapeDataString(kind)}/{Uri.EscapeDataString(ns)}/{Uri.EscapeDataString(name)}";
        using var response = await SendAsync(HttpMethod.Delete, path, null, cancel);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static string Bit(bool value) => value ? "true" : "false";

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancel)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync<T>(JsonSerializerOptions.Web, cancel)
                ?? throw new UserException("the control plane's answer is empty");
        }
        catch (JsonException exception)
        {
            throw new UserException($"the control plane's answer cannot be read ({exception.Message}): is it of another version?");
        }
    }

    private async Task<T> GetAsync<T>(string path, CancellationToken cancel)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null, cancel);
        return await ReadAsync<T>(response, cancel);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = content };
        try
        {
            var response = await _http.SendAsync(request, cancel);
            if (!response.IsSuccessStatusCode)
            {
                throw await RefusedAsync(response, cancel);
            }

            return response;
        }
        catch (HttpRequestException exception) when (exception.InnerException is SocketException or null)
        {
            throw new UserException(
                $"no control plane answers at {_socket}: start one with 'banyan up PATH' or 'banyan control', "
                + $"or name its directory with --state DIR or {StatePaths.Variable}",
                ExitCodes.Unreachable);
        }
        catch (HttpRequestException exception)
        {
            throw new UserException($"the control plane at {_socket} broke off: {exception.Message}", ExitCodes.Unreachable);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new UserException(
                $"the control plane at {_socket} does not answer within {Patience.TotalSeconds:0} s", ExitCodes.Unreachable);
        }
    }

    private static async Task<UserException> RefusedAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var text = await response.Content.ReadAsStringAsync(cancel);
        var status = response.StatusCode;
        response.Dispose();
        try
        {
            if (JsonSerializer.Deserialize<ProblemDocument>(text, JsonSerializerOptions.Web) is { } document)
            {
                return new RefusedException(
                    document.Detail ?? document.Title,
                    [.. (document.Problems ?? []).Select(problem => new ProblemEntry(
                        problem.File, problem.Line, problem.Column, problem.Field, problem.Message))]);
            }
        }
        catch (JsonException)
        {
            // Not a problem document: the text itself is shown.
        }

        return new UserException(
            status == HttpStatusCode.NotFound ? "there is no such object" : $"the control plane answers {(int)status}: {text}");
    }
}
