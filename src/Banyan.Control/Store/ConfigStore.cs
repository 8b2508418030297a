using System.Collections.Concurrent;
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
    private readonly BlockingCollection<Input> _inputs = new(new ConcurrentQueue<Input>());
    private readonly StoreState _state;
    private readonly Action<CompiledMesh, StoreView> _publish;
    private readonly ILogger _log;
    private readonly CompileMemory _memory = new();
    private readonly Thread _thread;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile StoreView _view = StoreView.Empty;

    /// <param name="state">What was restored; the store owns it from now on.</param>
    /// <param name="publish">Takes what was compiled; called on the writer's thread.</param>
    /// <param name="log">Where failures go.</param>
    public ConfigStore(StoreState state, Action<CompiledMesh, StoreView> publish, ILogger log)
    {
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
    public Task<T> ChangeAsync<T>(Func<StoreState, Func<StoreView, T>> change)
    {
        var input = new Input<T>(change);
        try
        {
            _inputs.Add(input);
        }
        catch (InvalidOperationException)
        {
            return Task.FromException<T>(new OperationCanceledException("the control plane is stopping"));
        }

        return input.Answer;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (!_inputs.IsAddingCompleted)
        {
            _inputs.CompleteAdding();
            if (_thread.IsAlive)
            {
                _thread.Join();
            }

            _ready.TrySetCanceled(CancellationToken.None);
            _inputs.Dispose();
        }
    }

    private void Run()
    {
        Publish();
        List<Input> batch = [];
        foreach (var first in _inputs.GetConsumingEnumerable())
        {
            batch.Add(first);
            while (_inputs.TryTake(out var next))
            {
                batch.Add(next);
            }

            foreach (var input in batch)
            {
                input.Apply(_state);
            }

            Publish();
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
                _state.Instances.Values.Select(entry => entry.Instance),
                _memory);
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

    private abstract class Input
    {
        public abstract void Apply(StoreState state);

        public abstract void Reply(StoreView view);
    }

    private sealed class Input<T>(Func<StoreState, Func<StoreView, T>> change) : Input
    {
        private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Func<StoreView, T>? _finish;

        public Task<T> Answer => _answer.Task;

        public override void Apply(StoreState state)
        {
            try
            {
                _finish = change(state);
            }
            catch (Exception exception)
            {
                _answer.TrySetException(exception);
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
    }
}
