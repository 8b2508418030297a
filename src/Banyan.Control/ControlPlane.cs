using System.Net;
using Banyan.Control.Api;
using Banyan.Control.Events;
using Banyan.Control.Hosting;
using Banyan.Control.Identity;
using Banyan.Control.Keys;
using Banyan.Control.Registry;
using Banyan.Control.Reports;
using Banyan.Control.Sources.Files;
using Banyan.Control.Store;
using Banyan.Control.Store.History;
using Banyan.Control.Store.Persistence;
using Banyan.Control.Telemetry;
using Banyan.Control.Tokens;
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
    private readonly TaskCompletionSource _read = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private XdsHub? _hub;
    private HandshakeQueue? _handshakes;
    private volatile EventFeed? _feed;
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

    /// <summary>Where proxies ask over TLS; with the real port once started, null where they cannot.</summary>
    public IPEndPoint? XdsTlsEndPoint { get; private set; }

    /// <summary>Where the API can be read on TCP; with the real port once started.</summary>
    public IPEndPoint ApiEndPoint { get; private set; }

    /// <summary>The unix socket of the API.</summary>
    public string SocketPath => Path.GetFullPath(_options.SocketPath);

    /// <summary>Completes when every source has finished its first load and proxies are answered.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Who waits for TLS; for tests.</summary>
    internal HandshakeQueue Handshakes => _handshakes ?? throw new InvalidOperationException("not started");

    /// <summary>What serves proxies; for tests.</summary>
    internal XdsHub Hub => _hub ?? throw new InvalidOperationException("not started");

    /// <summary>Every address of the API, as method and pattern; for tests.</summary>
    internal IReadOnlyList<string> Routes { get; private set; } = [];

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
        catch (StoreFailedException exception)
        {
            await StopAsync(CancellationToken.None);
            throw new ControlPlaneException(
                $"{exception.Message}; if it is damaged, move it away: "
                + "objects that were applied are then to be applied again",
                exception);
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
        var authority = CertificateAuthority.Open(folder.Path);
        IDatabase database = Own(OpenDatabase(folder));
        var paths = Distinct(_options.Files);
        var storeLog = _logs.CreateLogger("Banyan.Control.Store");
        var state = Restored(database, paths, storeLog);
        var keyLog = _logs.CreateLogger("Banyan.Control.Keys");
        var keyFolder = new KeySetFolder(folder.Path, keyLog);
        state.Keys = keyFolder.Load();

        var xdsLog = _logs.CreateLogger("Banyan.Control.Xds");
        _hub = new XdsHub(xdsLog, _time, PushPace.OfProcess());
        var commit = new Commit(database, storeLog, _time);
        var store = Own(new ConfigStore(state, Publish, storeLog, database.IsShared ? commit.Reconcile : null));
        store.Start();

        var leases = new Leases(_time);
        var sightings = new Sightings(_time);
        var keys = Own(new KeySetKeeper(store, keyFolder, _options.KeyRefresh, keyLog, _time));
        var (leadership, pulse) = Watch(database, store, commit, leases, sightings);
        Action<string>? saw = pulse is null ? null : node => pulse.Tell(PostgresPulse.Instance + node);
        var registry = new RegistryIntake(commit);
        var feed = _feed = Own(new EventFeed(store, database));
        var files = new FileIntake(commit, storeLog);
        var instances = new InstanceIntake(database, storeLog, _time);
        var scraper = Own(new TrafficScraper(store));
        var xds = new XdsService(_hub, xdsLog, _time);
        var reportLog = _logs.CreateLogger("Banyan.Control.Reports");
        var edges = new EdgeStore(OpenReports(folder, reportLog), reportLog, _time);
        _parts.Push(edges);
        var reports = new ReportService(edges, reportLog);
        var identityLog = _logs.CreateLogger("Banyan.Control.Identity");
        var identity = new IdentityParts(authority, store, database, _hub.Publish, identityLog, _time);
        _handshakes = Own(new HandshakeQueue(_time));
        var guard = new ChangeGuard(new StrictGuard(Plaintext), new AuthorizationGuard(Seen));
        var server = await ControlServer.StartAsync(
            _options,
            SocketPath,
            new ProxyServices(xds, reports, identity.Service, identity.Gate, identity.Server, _handshakes),
            (context, listener) => Access.AdmitAsync(context, listener, store.View, _time.GetUtcNow()),
            new ApiRoutes(
                new StatusEndpoint(store, _hub, files, database, keys),
                new ResourcesEndpoint(store),
                new ApplyEndpoint(store, new ApiIntake(commit, files, database, guard)),
                new HistoryEndpoint(store, database, new RollbackIntake(database, commit, files, guard)),
                new InstancesEndpoint(store, instances, saw),
                new RegistryEndpoint(store, registry, leases, id => pulse?.Tell(id)),
                new ServicesEndpoint(store, edges, _time),
                new AuthorizationEndpoint(store),
                new SuggestionEndpoint(edges, store, _time),
                new TokensEndpoint(store, new TokenIntake(commit), _time),
                new EventsEndpoint(feed, _time, _stopping.Token),
                new TrafficEndpoint(scraper, _time),
                new EdgesEndpoint(edges, store, _time),
                new JoinTokensEndpoint(authority, store, database, _time),
                new CertificatesEndpoint(authority, identity, store, database, _time),
                new AuthorityEndpoint(
                    authority,
                    identity.Keeper,
                    new RotationProof(authority, store, database, _hub.Trust),
                    store,
                    database,
                    _time)).Map,
            _logs,
            cancel);
        _parts.Push(server);
        _parts.Push(xds);

        IReadOnlyDictionary<(string, string, int), List<PlaintextCaller>> Plaintext()
        {
            var since = _time.GetUtcNow() - PlaintextCallers.Window;
            return PlaintextCallers.Of(edges.Read(since), since);
        }

        SeenCalls Seen(IReadOnlyList<MeshObject> objects)
        {
            var since = _time.GetUtcNow() - PlaintextCallers.Window;
            return SeenCalls.Of(edges.Read(since), since, RoutePaths.Of(objects));
        }

        Own(reports);
        Routes = [.. server.Routes];
        XdsEndPoint = server.XdsEndPoint;
        XdsTlsEndPoint = server.XdsTlsEndPoint;
        ApiEndPoint = server.ApiEndPoint;
        Follow(paths, store, files, guard);
        var keeper = new InstanceKeeper(
            store, instances, _hub, _options.InstanceTtl, leadership, sightings, saw, storeLog, _time);
        Watch(keeper.RunAsync(_stopping.Token));
        Watch(new RegistryKeeper(store, registry, leases, leadership, storeLog, _time).RunAsync(_stopping.Token));
        Watch(new StoreKeeper(store, commit, instances, database, storeLog, _time).RunAsync(_stopping.Token));
        Watch(feed.RunAsync(_stopping.Token));
        Watch(identity.Keeper.RunAsync(_stopping.Token));
        Watch(keys.RunAsync(_stopping.Token));
        Watch(RehearseAsync());
        Log.Started(_log, XdsEndPoint, ApiEndPoint, SocketPath);
    }

    /// <summary>
    /// What was in effect before. A database that others share is waited for: it comes back by itself.
    /// </summary>
    private StoreState Restored(IDatabase database, List<string> paths, ILogger log)
    {
        try
        {
            var state = Restore.From(database, paths, log, _time);
            _read.TrySetResult();
            return state;
        }
        catch (StoreFailedException exception) when (database.IsShared)
        {
            Store.Log.Awaited(log, exception.Message);
            return Restore.Awaiting(paths, exception.Message);
        }
    }

    private EdgeDatabase OpenReports(StateFolder folder, ILogger log) => _options.Store is { } address
        ? PostgresEdges.Open(address)
        : SqliteEdges.Open(folder.Reports, log, _time);

    private IDatabase OpenDatabase(StateFolder folder) => _options.Store is { } address
        ? PostgresDatabase.Open(address, _time)
        : SqliteDatabase.Open(folder.Database, _time);

    /// <summary>
    /// Follows what other replicas write; says which of them leads, and what tells them of signs of life.
    /// </summary>
    private (ILeadership Leadership, PostgresPulse? Pulse) Watch(
        IDatabase database, ConfigStore store, Commit commit, Leases leases, Sightings sightings)
    {
        if (database is not PostgresDatabase shared)
        {
            return (new SoleLeader(), null);
        }

        var log = _logs.CreateLogger("Banyan.Control.Store");
        var watch = new PostgresWatch(shared, Refresh, Heard, log, _time);
        Watch(watch.RunAsync(_stopping.Token));
        var pulse = new PostgresPulse(shared, log);
        Watch(pulse.RunAsync(_stopping.Token));
        return (watch, pulse);

        void Heard(string name)
        {
            if (name.StartsWith(PostgresPulse.Instance))
            {
                sightings.Seen(name[1..]);
            }
            else
            {
                leases.Renew(name);
            }
        }

        Task<bool> Refresh() => store.ChangeAsync<bool>(state =>
        {
            try
            {
                commit.Reconcile(state);
                _read.TrySetResult();
                return _ => true;
            }
            catch (StoreFailedException exception)
            {
                // The watch comes back to this.
                Store.Persistence.Log.NotRead(log, exception.Message);
                return _ => false;
            }
        });
    }

    private void Follow(List<string> paths, ConfigStore store, FileIntake intake, ChangeGuard guard)
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
            Watch(RunAsync(source));
        }

        // Not before: what was removed meanwhile is only seen by who knows what there was.
        async Task RunAsync(FileSource source)
        {
            await _read.Task.WaitAsync(_stopping.Token);
            await source.RunAsync(_stopping.Token);
        }

        async Task Submit(FileChangeSet set) => await store.ChangeAsync<bool>(state =>
        {
            var before = state.Live;
            intake.Apply(state, set);
            var after = state.Live;
            return _ =>
            {
                // By now it is in effect.
                guard.Tell(before, after, set.Source, log);
                return true;
            };
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
        _feed?.Wake(view.Revision);
        if (!view.IsReady && !Hub.IsReady)
        {
            return;
        }

        Hub.Open(mesh, $"{view.Revision}.{++_published}");
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
