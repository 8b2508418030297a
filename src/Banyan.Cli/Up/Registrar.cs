using System.Net;
using System.Text;
using Banyan.Cli.Client;
using Banyan.Model;

namespace Banyan.Cli.Up;

/// <summary>
/// Tells the control plane where the replicas are. What it shall know is kept here and sent again until it is
/// accepted, after its restart, and from time to time.
/// </summary>
internal sealed class Registrar : IAsyncDisposable
{
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _wake = new(0);
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _control;
    private readonly UpLog _log;
    private readonly TimeProvider _time;
    private readonly Task _loop;

    public Registrar(string controlSocket, UpLog log, TimeProvider time)
    {
        _control = UnixHttp.Create(controlSocket, TimeSpan.FromSeconds(5));
        _log = log;
        _time = time;
        _loop = RunAsync(_stop.Token);
    }

    /// <summary>Whether the control plane knows everything.</summary>
    public bool IsSettled
    {
        get
        {
            lock (_gate)
            {
                return _entries.Values.All(entry => !entry.IsDirty);
            }
        }
    }

    /// <summary>Sets what the control plane shall know of a replica.</summary>
    /// <returns>Completes when it does.</returns>
    public Task PublishAsync(WorkloadInstance instance) => SetAsync(instance.NodeId, instance);

    /// <summary>Takes a replica away.</summary>
    public Task WithdrawAsync(string nodeId) => SetAsync(nodeId, null);

    /// <summary>Sends everything again: the control plane has just come back.</summary>
    public void SendAll()
    {
        lock (_gate)
        {
            foreach (var entry in _entries.Values)
            {
                entry.IsDirty = true;
            }
        }

        _wake.Release();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _control.Dispose();
        _stop.Dispose();
        _wake.Dispose();
    }

    private Task SetAsync(string nodeId, WorkloadInstance? instance)
    {
        Task accepted;
        lock (_gate)
        {
            if (!_entries.TryGetValue(nodeId, out var entry))
            {
                _entries[nodeId] = entry = new Entry(nodeId);
            }

            entry.Wanted = instance;
            entry.IsDirty = true;
            entry.Generation++;
            if (entry.Accepted.Task.IsCompleted)
            {
                entry.Accepted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            accepted = entry.Accepted.Task;
        }

        _wake.Release();
        return accepted;
    }

    private async Task RunAsync(CancellationToken stop)
    {
        var pause = Refresh;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (!await _wake.WaitAsync(pause, stop) && pause == Refresh)
                {
                    SendAll();
                }

                pause = await SendDirtyAsync(stop) ? Refresh : Retry;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task<bool> SendDirtyAsync(CancellationToken stop)
    {
        List<Entry> dirty;
        lock (_gate)
        {
            dirty = [.. _entries.Values.Where(entry => entry.IsDirty)];
        }

        foreach (var entry in dirty)
        {
            WorkloadInstance? wanted;
            long generation;
            lock (_gate)
            {
                wanted = entry.Wanted;
                generation = entry.Generation;
            }

            if (!await SendAsync(entry.NodeId, wanted, stop))
            {
                return false;
            }

            Settle(entry, generation);
        }

        return true;
    }

    private void Settle(Entry entry, long generation)
    {
        lock (_gate)
        {
            if (entry.Generation != generation)
            {
                return;
            }

            entry.IsDirty = false;
            entry.Accepted.TrySetResult();
            if (entry.Wanted is null)
            {
                _entries.Remove(entry.NodeId);
            }
        }
    }

    private async Task<bool> SendAsync(string nodeId, WorkloadInstance? instance, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(
            instance is null ? HttpMethod.Delete : HttpMethod.Put,
            new Uri($"api/v1/instances/{nodeId}", UriKind.Relative));
        if (instance is not null)
        {
            request.Content = new StringContent(instance.ToJson(), Encoding.UTF8, "application/json");
        }

        try
        {
            using var response = await _control.SendAsync(request, stop);
            if (!response.IsSuccessStatusCode && response.StatusCode != HttpStatusCode.NotFound)
            {
                _log.Notice($"the control plane refuses {nodeId}: {await response.Content.ReadAsStringAsync(stop)}");
            }

            // A refusal does not get better by repeating; a server in trouble does.
            return (int)response.StatusCode < 500;
        }
        catch (Exception exception) when (
            exception is HttpRequestException || (exception is OperationCanceledException && !stop.IsCancellationRequested))
        {
            return false;
        }
    }

    private sealed class Entry(string nodeId)
    {
        public string NodeId { get; } = nodeId;

        public WorkloadInstance? Wanted { get; set; }

        public bool IsDirty { get; set; }

        public long Generation { get; set; }

        public TaskCompletionSource Accepted { get; set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
