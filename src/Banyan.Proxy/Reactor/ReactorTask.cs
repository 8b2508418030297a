using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Banyan.Proxy.Reactor;

/// <summary>The task type of the reactor's stages: <c>async</c> methods that live on one event loop.</summary>
/// <remarks>
/// Completed synchronously it is a default value. Suspended, its state machine sits in a box from a pool private to the
/// thread, so that steady state allocates nothing; no execution context is captured. Await it exactly once.
/// Only <see cref="Sock"/> waits, <see cref="Gate"/> and other reactor tasks may be awaited inside.
/// Figures and alternatives: docs/decisions/0008-exchange-loop.md.
/// </remarks>
[AsyncMethodBuilder(typeof(ReactorTaskBuilder))]
internal readonly struct ReactorTask
{
    private readonly ReactorBox? _box;

    internal ReactorTask(ReactorBox? box) => _box = box;

    public Awaiter GetAwaiter() => new(_box);

    /// <summary>True when awaiting would not suspend.</summary>
    public bool IsCompleted => _box is null || _box.IsCompleted;

    /// <summary>Lets the task run on its own; a fault goes to the loop's fault handler.</summary>
    public void Forget() => _box?.Detach();

    internal readonly struct Awaiter(ReactorBox? box) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => box is null || box.IsCompleted;

        public void GetResult() => box?.Finish();

        public void OnCompleted(Action continuation) => box!.Continuation = continuation;

        public void UnsafeOnCompleted(Action continuation) => box!.Continuation = continuation;
    }
}

/// <summary><see cref="ReactorTask"/> with a result.</summary>
[AsyncMethodBuilder(typeof(ReactorTaskBuilder<>))]
internal readonly struct ReactorTask<T>
{
    private readonly ReactorBox<T>? _box;
    private readonly T _result;

    internal ReactorTask(ReactorBox<T>? box, T result)
    {
        _box = box;
        _result = result;
    }

    public Awaiter GetAwaiter() => new(_box, _result);

    internal readonly struct Awaiter(ReactorBox<T>? box, T result) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => box is null || box.IsCompleted;

        public T GetResult() => box is null ? result : box.FinishWithResult();

        public void OnCompleted(Action continuation) => box!.Continuation = continuation;

        public void UnsafeOnCompleted(Action continuation) => box!.Continuation = continuation;
    }
}

/// <summary>The heap side of a suspended reactor task.</summary>
internal abstract class ReactorBox
{
    internal Action? Continuation;
    internal ExceptionDispatchInfo? Fault;
    private bool _detached;

    internal bool IsCompleted { get; private set; }

    protected abstract void Recycle();

    internal void Complete()
    {
        IsCompleted = true;
        if (_detached)
        {
            Observe();
            return;
        }

        // The parent of the same flow, resumed inline: it is not another exchange.
        var continuation = Continuation;
        Continuation = null;
        continuation?.Invoke();
    }

    internal void Finish()
    {
        var fault = Fault;
        Release();
        fault?.Throw();
    }

    internal void Detach()
    {
        if (IsCompleted)
        {
            Observe();
        }
        else
        {
            _detached = true;
        }
    }

    protected void Release()
    {
        IsCompleted = false;
        _detached = false;
        Continuation = null;
        Fault = null;
        Recycle();
    }

    private void Observe()
    {
        var fault = Fault;
        Release();
        if (fault is not null)
        {
            EventLoop.Current?.ReportFault(fault.SourceException);
        }
    }
}

internal abstract class ReactorBox<T> : ReactorBox
{
    internal T Result = default!;

    internal T FinishWithResult()
    {
        var result = Result;
        Finish();
        return result;
    }
}

/// <summary>A task that failed before it ever suspended.</summary>
internal sealed class FaultedBox<T> : ReactorBox<T>
{
    internal FaultedBox(Exception exception)
    {
        Fault = ExceptionDispatchInfo.Capture(exception);
        Complete();
    }

    protected override void Recycle()
    {
        // Never pooled: a fault is a bug, not a path.
    }
}

/// <summary>Holds the state machine of one async method; pooled per thread and per method.</summary>
internal sealed class StateMachineBox<TStateMachine, T> : ReactorBox<T>
    where TStateMachine : IAsyncStateMachine
{
    private const int MaxPooled = 4096;

    [ThreadStatic]
    private static StateMachineBox<TStateMachine, T>? _free;

    [ThreadStatic]
    private static int _freeCount;

    internal readonly Action MoveNextAction;
    internal TStateMachine StateMachine = default!;
    private StateMachineBox<TStateMachine, T>? _next;

    private StateMachineBox() => MoveNextAction = MoveNext;

    internal static StateMachineBox<TStateMachine, T> Rent()
    {
        var box = _free;
        if (box is null)
        {
            return new StateMachineBox<TStateMachine, T>();
        }

        _free = box._next;
        _freeCount--;
        box._next = null;
        return box;
    }

    protected override void Recycle()
    {
        StateMachine = default!;
        Result = default!;
        if (_freeCount < MaxPooled)
        {
            _next = _free;
            _free = this;
            _freeCount++;
        }
    }

    private void MoveNext()
    {
        System.Diagnostics.Debug.Assert(EventLoop.Current is not null, "a reactor task resumed outside its event loop");
        StateMachine.MoveNext();
    }
}

/// <summary>Unit result of <see cref="ReactorTask"/>.</summary>
internal readonly struct Nothing;

/// <summary>Builder of <see cref="ReactorTask"/>; compiler contract.</summary>
internal struct ReactorTaskBuilder
{
    private ReactorBox<Nothing>? _box;

    public static ReactorTaskBuilder Create() => default;

    public readonly ReactorTask Task => new(_box);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Start<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine => stateMachine.MoveNext();

    public readonly void SetStateMachine(IAsyncStateMachine stateMachine)
    {
    }

    public readonly void SetResult() => _box?.Complete();

    public void SetException(Exception exception)
    {
        if (_box is null)
        {
            _box = new FaultedBox<Nothing>(exception);
            return;
        }

        _box.Fault = ExceptionDispatchInfo.Capture(exception);
        _box.Complete();
    }

    public void AwaitOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion
        where TStateMachine : IAsyncStateMachine => awaiter.OnCompleted(Box(ref stateMachine));

    public void AwaitUnsafeOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : ICriticalNotifyCompletion
        where TStateMachine : IAsyncStateMachine => awaiter.UnsafeOnCompleted(Box(ref stateMachine));

    private Action Box<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine
    {
        if (_box is null)
        {
            var box = StateMachineBox<TStateMachine, Nothing>.Rent();
            // Before the copy, so that the copy in the box knows its box.
            _box = box;
            box.StateMachine = stateMachine;
        }

        return Unsafe.As<StateMachineBox<TStateMachine, Nothing>>(_box).MoveNextAction;
    }
}

/// <summary>Builder of <see cref="ReactorTask{T}"/>; compiler contract.</summary>
internal struct ReactorTaskBuilder<T>
{
    private ReactorBox<T>? _box;
    private T _result;

    public static ReactorTaskBuilder<T> Create() => default;

    public readonly ReactorTask<T> Task => new(_box, _result);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Start<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine => stateMachine.MoveNext();

    public readonly void SetStateMachine(IAsyncStateMachine stateMachine)
    {
    }

    public void SetResult(T result)
    {
        if (_box is null)
        {
            _result = result;
            return;
        }

        _box.Result = result;
        _box.Complete();
    }

    public void SetException(Exception exception)
    {
        if (_box is null)
        {
            _box = new FaultedBox<T>(exception);
            return;
        }

        _box.Fault = ExceptionDispatchInfo.Capture(exception);
        _box.Complete();
    }

    public void AwaitOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion
        where TStateMachine : IAsyncStateMachine => awaiter.OnCompleted(Box(ref stateMachine));

    public void AwaitUnsafeOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : ICriticalNotifyCompletion
        where TStateMachine : IAsyncStateMachine => awaiter.UnsafeOnCompleted(Box(ref stateMachine));

    private Action Box<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine
    {
        if (_box is null)
        {
            var box = StateMachineBox<TStateMachine, T>.Rent();
            _box = box;
            box.StateMachine = stateMachine;
        }

        return Unsafe.As<StateMachineBox<TStateMachine, T>>(_box).MoveNextAction;
    }
}
