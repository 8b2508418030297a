using Banyan.Control.Store.Persistence;
using Banyan.Model;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Store;

/// <summary>
/// The one versioned set of resources. A single thread takes inputs in their order, changes the state, compiles
/// once for all inputs that waited, publishes, and only then answers who sent them.
/// </summary>
/// <remarks>
/// A thread of its own, because compiling a large mesh must not hold up the pool that serves streams.
/// </remarks>
internal sealed class ConfigStore : IDisposable
{
    /// <summary>
    /// How often a change gives way to another replica's. Each time the other one has made a change of its own, and
    /// this one comes later the longer it looks at what is new: a few are not enough where the other writes steadily.
    /// </summary>
    private const int Attempts = 100;

    private readonly InputQueue<Input> _inputs = new();
    private readonly StoreState _state;
    private readonly Action<CompiledMesh, StoreView> _publish;
    private readonly Action<StoreState>? _refresh;
    private readonly ILogger _log;
    private readonly CompileMemory _memory = new();
    private readonly Thread _thread;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile StoreView _view = StoreView.Empty;

    /// <param name="state">What was restored; the store owns it from now on.</param>
    /// <param name="publish">Takes what was compiled; called on the writer's thread.</param>
    /// <param name="log">Where failures go.</param>
    /// <param name="refresh">Takes up what another replica wrote first; null when there is none.</param>
    public ConfigStore(
        StoreState state,
        Action<CompiledMesh, StoreView> publish,
        ILogger log,
        Action<StoreState>? refresh = null)
    {
        _refresh = refresh;
        _state = state;
        _publish = publish;
        _log = log;
        _thread = new Thread(Run) { IsBackground = true, Name = "banyan-store" };
    }

    /// <summary>What readers see.</summary>
    public StoreView View => _view;

    /// <summary>Completes when every source finished its first load and the result is published.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Compiles what was restored and begins to take inputs.</summary>
    public void Start() => _thread.Start();

    /// <summary>
    /// Changes the state on the writer's thread. What <paramref name="change"/> returns is called after the change
    /// is published, and makes the answer.
    /// </summary>
    public Task<T> ChangeAsync<T>(Func<StoreState, Func<StoreView, T>> change) =>
        AddAsync(new Input<T>(change, isChange: true));

    private Task<T> AddAsync<T>(Input<T> input)
    {
        return _inputs.TryAdd(input)
            ? input.Answer
            : Task.FromException<T>(new OperationCanceledException("the control plane is stopping"));
    }

    /// <summary>
    /// Reads on the writer's thread, which alone uses the database. Nothing is compiled or published for it.
    /// </summary>
    public Task<T> ReadAsync<T>(Func<StoreState, T> read) => AddAsync(new Input<T>(
        state =>
        {
            var result = read(state);
            return _ => result;
        },
        isChange: false));

    /// <inheritdoc />
    public void Dispose()
    {
        if (_inputs.TryClose())
        {
            if (_thread.IsAlive)
            {
                _thread.Join();
            }

            _ready.TrySetCanceled(CancellationToken.None);
        }
    }

    private void Run()
    {
        Publish();
        List<Input> batch = [];
        while (_inputs.Take(batch))
        {
            foreach (var input in batch)
            {
                input.Apply(_state, _refresh);
            }

            if (batch.Exists(input => input.IsChange))
            {
                Publish();
            }

            foreach (var input in batch)
            {
                input.Reply(_view);
            }

            batch.Clear();
        }
    }

    private void Publish()
    {
        CompiledMesh compiled;
        try
        {
            compiled = MeshCompiler.Compile(
                _state.Live.Values.Select(item => item.Object),
                _state.Instances.Values.Select(entry => entry.Instance)
                    .Concat(_state.Registrations.Values.Select(item => item.Instance())),
                _memory,
                _state.Keys);
        }
        catch (Exception exception)
        {
            // A fault of ours, not of the user: what is served stays as it is.
            Log.CompileFailed(_log, exception);
            _view = StoreView.Of(_state, null) with { Statuses = _view.Statuses, Warnings = _view.Warnings };
            return;
        }

        var view = StoreView.Of(_state, compiled);
        _publish(compiled, view);
        _view = view;
        if (view.IsReady)
        {
            _ready.TrySetResult();
        }
    }

    private abstract class Input(bool isChange)
    {
        public bool IsChange { get; } = isChange;

        public abstract void Apply(StoreState state, Action<StoreState>? refresh);

        public abstract void Reply(StoreView view);
    }

    private sealed class Input<T>(Func<StoreState, Func<StoreView, T>> change, bool isChange)
        : Input(isChange)
    {
        private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Func<StoreView, T>? _finish;

        public Task<T> Answer => _answer.Task;

        public override void Apply(StoreState state, Action<StoreState>? refresh)
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    _finish = change(state);
                    return;
                }
                catch (RevisionConflictException) when (refresh is not null && attempt < Attempts)
                {
                    // Another replica was first: judged again, by what is in effect now.
                    if (!TryRefresh(state, refresh))
                    {
                        return;
                    }
                }
                catch (Exception exception)
                {
                    _answer.TrySetException(exception);
                    return;
                }
            }
        }

        public override void Reply(StoreView view)
        {
            try
            {
                if (_finish is not null)
                {
                    _answer.TrySetResult(_finish(view));
                }
            }
            catch (Exception exception)
            {
                _answer.TrySetException(exception);
            }
        }

        private bool TryRefresh(StoreState state, Action<StoreState> refresh)
        {
            try
            {
                refresh(state);
                return true;
            }
            catch (Exception exception)
            {
                _answer.TrySetException(exception);
                return false;
            }
        }
    }
}
