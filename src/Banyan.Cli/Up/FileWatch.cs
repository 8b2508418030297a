using System.Text.Json;
using Banyan.Cli.Client;
using Banyan.Model;

namespace Banyan.Cli.Up;

/// <summary>
/// Looks twice a second whether the files say something new about processes. Routes and all else the control plane
/// watches itself, within milliseconds; starting a process takes longer than half a second anyway.
/// </summary>
internal sealed class FileWatch : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly IReadOnlyList<string> _paths;
    private readonly Supervisor _supervisor;
    private readonly HttpClient _control;
    private readonly UpLog _log;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    public FileWatch(IReadOnlyList<string> paths, Supervisor supervisor, string controlSocket, UpLog log, TimeProvider time)
    {
        _paths = paths;
        _supervisor = supervisor;
        _control = UnixHttp.Create(controlSocket, TimeSpan.FromSeconds(2));
        _log = log;
        _time = time;
        _loop = RunAsync(_stop.Token);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _control.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken stop)
    {
        // The files may have changed since the start read them: the first look always counts.
        string? seen = null;
        var isDone = true;
        try
        {
            while (true)
            {
                await Task.Delay(Pause, _time, stop);
                var now = Signature();
                if (now != seen || !isDone)
                {
                    seen = now;
                    isDone = await ReloadAsync();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
    }

    private async Task<bool> ReloadAsync()
    {
        ConfigSet set;
        try
        {
            // What is gone holds nothing: whether its processes may be ended is asked for each of them.
            set = ConfigFiles.Read(_paths, mayBeGone: true);
        }
        catch (UserException exception)
        {
            _log.Notice($"{exception.Message}; what runs goes on");
            return true;
        }

        if (set.Problems.Count > 0)
        {
            _log.Notice("the files have mistakes; what runs goes on:");
            foreach (var problem in set.Problems)
            {
                _log.Notice(problem.ToString());
            }

            return true;
        }

        return await _supervisor.ReconcileAsync(Planner.Plan(set.Objects), plan => MayRemoveAsync(plan, set));
    }

    /// <summary>The control plane holds back what looks like an accident (an emptied file); so do we, as long as it does.</summary>
    private async Task<bool> MayRemoveAsync(ProcessPlan plan, ConfigSet set)
    {
        if (set.Objects.Any(item => item is Workload && item.Key == plan.Owner.Key))
        {
            return true;
        }

        try
        {
            var (ns, name) = (plan.Owner.Metadata.Namespace, plan.Owner.Metadata.Name);
            var answer = await _control.GetStringAsync(
                new Uri($"api/v1/resources/Workload?namespace={ns}&name={name}", UriKind.Relative), _stop.Token);
            using var document = JsonDocument.Parse(answer);
            return document.RootElement.TryGetProperty("items", out var items) && items.GetArrayLength() == 0;
        }
        catch (Exception exception) when (
            exception is HttpRequestException or JsonException
            || (exception is OperationCanceledException && !_stop.IsCancellationRequested))
        {
            return exception is HttpRequestException { StatusCode: System.Net.HttpStatusCode.NotFound };
        }
    }

    private string Signature()
    {
        try
        {
            return string.Join('\n', ConfigFiles.Expand(_paths, mayBeGone: true).Select(path =>
            {
                var file = new FileInfo(path);
                return $"{path} {file.LastWriteTimeUtc.Ticks} {file.Length}";
            }));
        }
        catch (Exception exception) when (exception is UserException or IOException or UnauthorizedAccessException)
        {
            return exception.Message;
        }
    }
}
