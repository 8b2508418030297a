using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Banyan.Cli.Commands;
using Banyan.Cli.Up;
using Banyan.Control.Api;
using Banyan.Control.Registry;
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

    /// <summary>GET /api/v1/edges.</summary>
    public Task<EdgesDocument> EdgesAsync(TimeSpan since, CancellationToken cancel) =>
        GetAsync<EdgesDocument>($"api/v1/edges?since={Math.Ceiling(since.TotalSeconds):0}s", cancel);

    /// <summary>What sidecars decide about a call.</summary>
    public Task<AuthorizationAnswer> AuthorizationAsync(AuthorizationQuestion question, CancellationToken cancel) =>
        GetAsync<AuthorizationAnswer>(
            $"api/v1/authorization?from={Uri.EscapeDataString(question.From)}&to={Uri.EscapeDataString(question.To)}"
            + $"{(question.Port == 0 ? "" : $"&port={question.Port}")}&method={Uri.EscapeDataString(question.Method)}"
            + $"&path={Uri.EscapeDataString(question.Path)}",
            cancel);

    /// <summary>Policies that allow what was seen.</summary>
    /// <param name="since">How far back.</param>
    /// <param name="query">The other parameters, each behind an &amp;.</param>
    /// <param name="cancel">Gives up.</param>
    public Task<SuggestedPolicies> SuggestionAsync(TimeSpan since, string query, CancellationToken cancel) =>
        GetAsync<SuggestedPolicies>($"api/v1/authorization/suggestion?since={Math.Ceiling(since.TotalSeconds):0}s{query}", cancel);

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
    /// <param name="order">What to do with them.</param>
    /// <param name="cancel">The end.</param>
    public async Task<ApplyResult> ApplyAsync(string text, string name, ApplyRequest order, CancellationToken cancel)
    {
        var query = $"api/v1/apply?{By}&take={Bit(order.Take)}&dryRun={Bit(order.DryRun)}&force={Bit(order.Force)}{Optional("reason", order.Reason)}"
            + Optional("ifRevision", order.IfRevision?.ToString(CultureInfo.InvariantCulture));
        return await PostTextAsync<ApplyResult>(query, text, name, cancel);
    }

    /// <summary>POST /api/v1/diff.</summary>
    public Task<DiffDocument> DiffAsync(string text, string name, CancellationToken cancel) =>
        PostTextAsync<DiffDocument>("api/v1/diff?", text, name, cancel);

    /// <summary>GET /api/v1/history.</summary>
    public Task<HistoryDocument> HistoryAsync(ObjectTarget target, int limit, CancellationToken cancel) =>
        GetAsync<HistoryDocument>($"api/v1/history?limit={limit}{Target(target)}", cancel);

    /// <summary>POST /api/v1/rollback.</summary>
    public async Task<RollbackDocument> RollbackAsync(
        long revision, ObjectTarget target, bool dryRun, bool force, string? reason, CancellationToken cancel)
    {
        var query = $"api/v1/rollback?{By}&revision={revision}&dryRun={Bit(dryRun)}&force={Bit(force)}{Optional("reason", reason)}";
        query += Target(target);
        using var response = await SendAsync(HttpMethod.Post, query, null, cancel);
        return await ReadAsync<RollbackDocument>(response, cancel);
    }

    /// <summary>GET /api/v1/services.</summary>
    public Task<ServiceList> ServicesAsync(string? ns, CancellationToken cancel) =>
        GetAsync<ServiceList>($"api/v1/services?{Optional("namespace", ns).TrimStart('&')}", cancel);

    /// <summary>PUT of a registration; <paramref name="place"/> is NAMESPACE/SERVICE/ADDRESS.</summary>
    public async Task<Registration> RegisterAsync(
        string place, RegistrationRequest request, string? reason, CancellationToken cancel)
    {
        using var content = JsonContent.Create(request, options: Json.Options);
        var path = $"api/v1/registrations/{place}?{By}{Optional("reason", reason)}";
        using var response = await SendAsync(HttpMethod.Put, path, content, cancel);
        return await ReadAsync<Registration>(response, cancel);
    }

    /// <summary>DELETE of a registration.</summary>
    public async Task DeregisterAsync(string place, string? reason, CancellationToken cancel)
    {
        var path = $"api/v1/registrations/{place}?{By}{Optional("reason", reason)}";
        using var response = await SendAsync(HttpMethod.Delete, path, null, cancel);
    }

    /// <summary>POST …/maintenance.</summary>
    public async Task<MaintenanceResult> MaintainAsync(
        string ns, string service, string? version, string? address, bool on, string? reason, CancellationToken cancel)
    {
        var path = $"api/v1/services/{Uri.EscapeDataString(ns)}/{Uri.EscapeDataString(service)}/maintenance?{By}&on={Bit(on)}"
            + Optional("version", version) + Optional("address", address) + Optional("reason", reason);
        using var response = await SendAsync(HttpMethod.Post, path, null, cancel);
        return await ReadAsync<MaintenanceResult>(response, cancel);
    }

    /// <summary>GET /api/v1/audit.</summary>
    public Task<AuditDocument> AuditAsync(int limit, CancellationToken cancel) =>
        GetAsync<AuditDocument>($"api/v1/audit?limit={limit}", cancel);

    /// <summary>GET /api/v1/tokens.</summary>
    public Task<TokenList> TokensAsync(CancellationToken cancel) => GetAsync<TokenList>("api/v1/tokens", cancel);

    /// <summary>POST /api/v1/tokens; the answer holds the token's text.</summary>
    public async Task<TokenEntry> CreateTokenAsync(
        string name, string role, TimeSpan? life, string? reason, CancellationToken cancel)
    {
        var path = $"api/v1/tokens?{By}{Optional("name", name)}&role={role}{Optional("expiresIn", Seconds(life))}{Optional("reason", reason)}";
        using var response = await SendAsync(HttpMethod.Post, path, null, cancel);
        return await ReadAsync<TokenEntry>(response, cancel);
    }

    /// <summary>POST /api/v1/join-tokens; the answer holds the token's text.</summary>
    public async Task<JoinTokenEntry> CreateJoinTokenAsync(
        string workload, TimeSpan? life, string? reason, CancellationToken cancel)
    {
        var path = $"api/v1/join-tokens?{By}{Optional("workload", workload)}{Optional("expiresIn", Seconds(life))}{Optional("reason", reason)}";
        using var response = await SendAsync(HttpMethod.Post, path, null, cancel);
        return await ReadAsync<JoinTokenEntry>(response, cancel);
    }

    /// <summary>GET /api/v1/certificates.</summary>
    public Task<CertificatesDocument> CertificatesAsync(CancellationToken cancel) =>
        GetAsync<CertificatesDocument>("api/v1/certificates", cancel);

    /// <summary>GET /api/v1/certificates/issued.</summary>
    public Task<IssuedList> IssuedAsync(string? identity, int limit, CancellationToken cancel) =>
        GetAsync<IssuedList>($"api/v1/certificates/issued?limit={limit}{Optional("identity", identity)}", cancel);

    /// <summary>The record of one certificate; null when the control plane has none.</summary>
    public async Task<IssuedEntry?> IssuedAsync(string serial, CancellationToken cancel) =>
        (await GetAsync<IssuedList>($"api/v1/certificates/issued?limit=1{Optional("serial", serial)}", cancel)).Items.FirstOrDefault();

    /// <summary>POST …/deny.</summary>
    public async Task<IssuedEntry> DenyAsync(string serial, string? reason, CancellationToken cancel)
    {
        var path = $"api/v1/certificates/{Uri.EscapeDataString(serial)}/deny?{By}{Optional("reason", reason)}";
        using var response = await SendAsync(HttpMethod.Post, path, null, cancel);
        return await ReadAsync<IssuedEntry>(response, cancel);
    }

    /// <summary>POST /api/v1/certificates/csr.</summary>
    public async Task<CsrDocument> CertificateRequestAsync(string? reason, CancellationToken cancel)
    {
        using var response = await SendAsync(HttpMethod.Post, $"api/v1/certificates/csr?{By}{Optional("reason", reason)}", null, cancel);
        return await ReadAsync<CsrDocument>(response, cancel);
    }

    /// <summary>POST /api/v1/certificates/install.</summary>
    public async Task InstallCertificateAsync(string pem, string? reason, CancellationToken cancel)
    {
        using var content = new StringContent(pem, Encoding.UTF8, "application/x-pem-file");
        using var response = await SendAsync(
            HttpMethod.Post, $"api/v1/certificates/install?{By}{Optional("reason", reason)}", content, cancel);
    }

    /// <summary>GET /api/v1/certificates/rotation.</summary>
    public Task<RotationDocument> RotationAsync(CancellationToken cancel) =>
        GetAsync<RotationDocument>("api/v1/certificates/rotation", cancel);

    /// <summary>POST /api/v1/certificates/rotate-root.</summary>
    /// <param name="from">The stage that is to be followed; another one by now is refused.</param>
    /// <param name="force">Also when it is not proved.</param>
    /// <param name="abort">Back instead.</param>
    /// <param name="reason">For the audit trail.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<RotationDocument> RotateRootAsync(
        string from, bool force, bool abort, string? reason, CancellationToken cancel)
    {
        var path = $"api/v1/certificates/rotate-root?{By}&from={from}&force={Bit(force)}&abort={Bit(abort)}{Optional("reason", reason)}";
        using var response = await SendAsync(HttpMethod.Post, path, null, cancel);
        return await ReadAsync<RotationDocument>(response, cancel);
    }

    /// <summary>DELETE of a token.</summary>
    public async Task RevokeTokenAsync(string id, string? reason, CancellationToken cancel)
    {
        var path = $"api/v1/tokens/{Uri.EscapeDataString(id)}?{By}{Optional("reason", reason)}";
        using var response = await SendAsync(HttpMethod.Delete, path, null, cancel);
    }

    /// <summary>POST /api/v1/files/accept-removal.</summary>
    public async Task AcceptRemovalAsync(string path, CancellationToken cancel)
    {
        var query = $"api/v1/files/accept-removal?{By}&path={Uri.EscapeDataString(path)}";
        using var response = await SendAsync(HttpMethod.Post, query, null, cancel);
    }

    /// <summary>DELETE of one object.</summary>
    public async Task<ApplyResult> DeleteAsync(
        string kind, string ns, string name, string? reason, bool force, CancellationToken cancel)
    {
        var path = $"api/v1/resources/{Uri.EscapeDataString(kind)}/{Uri.EscapeDataString(ns)}/{Uri.EscapeDataString(name)}";
        path += $"?{By}&force={Bit(force)}{Optional("reason", reason)}";
        using var response = await SendAsync(HttpMethod.Delete, path, null, cancel);
        return await ReadAsync<ApplyResult>(response, cancel);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static string By => $"by={Uri.EscapeDataString(Environment.UserName)}";

    private static string? Seconds(TimeSpan? life) =>
        life is { } time ? Math.Ceiling(time.TotalSeconds).ToString(CultureInfo.InvariantCulture) : null;

    private static string Optional(string name, string? value) =>
        value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";

    private static string Target(ObjectTarget target) =>
        Optional("kind", target.Kind) + Optional("namespace", target.Namespace) + Optional("name", target.Name);

    /// <summary>Sends a text; in the mistakes that come back it has the name that the user gave.</summary>
    private async Task<T> PostTextAsync<T>(string query, string text, string name, CancellationToken cancel)
    {
        using var content = new StringContent(text, Encoding.UTF8, "text/yaml");
        try
        {
            using var response = await SendAsync(HttpMethod.Post, query, content, cancel);
            return await ReadAsync<T>(response, cancel);
        }
        catch (RefusedException refused)
        {
            throw new RefusedException(
                refused.Message,
                [.. refused.Problems.Select(problem => problem.File == ApiFile ? problem with { File = name } : problem)],
                refused.Status);
        }
    }

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
                        problem.File, problem.Line, problem.Column, problem.Field, problem.Message))],
                    (int)status);
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
