using System.Net;
using Banyan.Control.Api;
using Banyan.Control.Hosting;
using Banyan.Control.Sources.Files;
using Banyan.Control.Store;
using Banyan.Control.Telemetry;
using Banyan.Control.Xds;
using Banyan.Model;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Banyan.Control;

/// <summary>
/// The control plane: sources → store → compile → xDS, and the API beside them. Runs in the process that makes it.
/// </summary>
public sealed class ControlPlane : IAsyncDisposable
{
    private readonly ControlPlaneOptions _options;
    private readonly ILoggerFactory _logs;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Stack<IAsyncDisposable> _parts = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private XdsHub? _hub;
    private long _published;
    private bool _started;
    private bool _disposed;

    /// <summary>Makes a control plane that is not started yet.</summary>
    public ControlPlane(ControlPlaneOptions options, ILoggerFactory? logs = null, TimeProvider? time = null)
    {
        _options = options;
        _logs = logs ?? NullLoggerFactory.Instance;
        _log = _logs.CreateLogger("Banyan.Control");
        _time = time ?? TimeProvider.System;
        XdsEndPoint = options.Xds;
        ApiEndPoint = options.Api;
    }

    /// <summary>Where proxies ask; with the real port once started.</summary>
    public IPEndPoint XdsEndPoint { get; private set; }

    /// <summary>Where the API can be read on TCP; with the real port once started.</summary>
    public IPEndPoint ApiEndPoint { get; private set; }

    /// <summary>The unix socket of the API.</summary>
    public string SocketPath => Path.GetFullPath(_options.SocketPath);

    /// <summary>Completes when every source has finished its first load and proxies are answered.</summary>
    public Task Ready => _ready.Task;

    /// <summary>What serves proxies; for tests.</summary>
    internal XdsHub Hub => _hub ?? throw new InvalidOperationException("not started");

    /// <summary>Starts to listen; throws <see cref="ControlPlaneException"/> with a message for the user.</summary>
    public async Task StartAsync(CancellationToken cancel = default)
    {
        ObjectDisposedException.ThrowIf(_stopping.IsCancellationRequested, this);
        if (_started)
        {
            throw new InvalidOperationException("already started");
        }

        _started = true;
        RequireLoopback(_options.Xds, "--xds");
        RequireLoopback(_options.Api, "--api");
        try
        {
            await StartPartsAsync(cancel);
        }
        catch
        {
            await StopAsync(CancellationToken.None);
            throw;
        }
    }

    /// <summary>Ends the streams, closes the listeners and the database.</summary>
    public async Task StopAsync(CancellationToken cancel = default)
    {
        if (!_stopping.IsCancellationRequested)
        {
            await _stopping.CancelAsync();
        }

        _ready.TrySetCanceled(CancellationToken.None);
        while (_parts.TryPop(out var part))
        {
            await part.DisposeAsync();
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            await StopAsync();
            _stopping.Dispose();
        }
    }

    private static void RequireLoopback(IPEndPoint endPoint, string option)
    {
        if (!IPAddress.IsLoopback(endPoint.Address))
        {
            throw new ControlPlaneException(
                $"{option} {endPoint} is not a loopback address: until proxies have identities, "
                + "the control plane listens on loopback only");
        }
    }

    /// <summary>A file that is also found through its folder is configured once.</summary>
    private static List<string> Distinct(IReadOnlyList<string> paths)
    {
        var folders = paths.Where(Directory.Exists).Select(FullPath).ToHashSet(StringComparer.Ordinal);
        return [.. paths.DistinctBy(FullPath, StringComparer.Ordinal).Where(path => folders.Contains(FullPath(path))
            || !folders.Contains(Path.GetDirectoryName(FullPath(path)) ?? "")
            || !FileScan.IsConfiguration(Path.GetFileName(path)))];
    }

    private static string FullPath(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));

    private async Task StartPartsAsync(CancellationToken cancel)
    {
        var folder = Own(StateFolder.Take(_options.StateDirectory));
        await StateFolder.ClearSocketAsync(SocketPath, cancel);
        var database = Own(Database.Open(folder.Database));
        var paths = Distinct(_options.Files);
        var storeLog = _logs.CreateLogger("Banyan.Control.Store");
        var state = Restore.From(database, paths, storeLog, _time);

        var xdsLog = _logs.CreateLogger("Banyan.Control.Xds");
        _hub = new XdsHub(xdsLog, _time);
        var store = Own(new ConfigStore(state, Publish, storeLog));
        store.Start();

        var commit = new Commit(database, storeLog, _time);
        var files = new FileIntake(commit, storeLog);
        var instances = new InstanceIntake(database, storeLog);
        var scraper = Own(new TrafficScraper(store));
        var xds = new XdsService(_hub, xdsLog, _time);
        var server = await ControlServer.StartAsync(
            _options,
            SocketPath,
            xds,
            routes => ApiRoutes.Map(
                routes,
                new StatusEndpoint(store, _hub, files),
                new ResourcesEndpoint(store),
                new ApplyEndpoint(store, new ApiIntake(commit, files)),
                new InstancesEndpoint(store, instances),
                new TrafficEndpoint(scraper, _time)),
            _logs,
            cancel);
        _parts.Push(server);
        _parts.Push(xds);
        XdsEndPoint = server.XdsEndPoint;
        ApiEndPoint = server.ApiEndPoint;
        Follow(paths, store, files);
        Watch(new InstanceKeeper(store, instances, _options.InstanceTtl, storeLog, _time).RunAsync(_stopping.Token));
        Watch(RehearseAsync());
        Log.Started(_log, XdsEndPoint, ApiEndPoint, SocketPath);
    }

    private void Follow(List<string> paths, ConfigStore store, FileIntake intake)
    {
        var log = _logs.CreateLogger("Banyan.Control.Files");
        var inotify = Own(new Inotify());
        if (inotify.Failure is { } failure)
        {
            Sources.Files.Log.PollingOnly(log, failure);
        }

        foreach (var path in paths)
        {
            var source = Own(new FileSource(path, inotify, Submit, log, _time));
            Watch(source.RunAsync(_stopping.Token));
        }

        async Task Submit(FileChangeSet set) => await store.ChangeAsync<bool>(state =>
        {
            intake.Apply(state, set);
            return _ => true;
        });
    }

    private async Task RehearseAsync()
    {
        // Not before: until then the real thing wants the processors.
        await Ready;
        await Rehearsal.RunAsync(_time);
    }

    private void Publish(CompiledMesh mesh, StoreView view)
    {
        if (!view.IsReady && !Hub.IsReady)
        {
            return;
        }

        Hub.Open(ViewBuilder.Build(mesh, $"{view.Revision}.{++_published}"));
        if (_ready.TrySetResult())
        {
            Log.Ready(_log, view.Objects.Count);
        }
    }

    private T Own<T>(T part)
        where T : IDisposable
    {
        _parts.Push(new Part(part));
        return part;
    }

    /// <summary>Stopping waits for the task; should it fail, somebody says so.</summary>
    private void Watch(Task task) => _parts.Push(new Running(task, _log));

    private sealed class Part(IDisposable inner) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            inner.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Running : IAsyncDisposable
    {
        private readonly Task _task;

        public Running(Task task, ILogger log) => _task = ObserveAsync(task, log);

        public async ValueTask DisposeAsync() => await _task;

        private static async Task ObserveAsync(Task task, ILogger log)
        {
            try
            {
                await task;
            }
            catch (OperationCanceledException)
            {
                // The way it ends.
            }
            catch (Exception exception)
            {
                Log.PartFailed(log, exception);
            }
        }
    }
}
