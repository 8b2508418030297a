using System.Runtime.CompilerServices;

namespace Banyan.Proxy.Reactor;

/// <summary>Continues in the next turn of the loop, after every socket that is ready.</summary>
internal readonly struct Turn(EventLoop loop) : ICriticalNotifyCompletion
{
    public bool IsCompleted => false;

    public Turn GetAwaiter() => this;

    public void GetResult()
    {
    }

    public void OnCompleted(Action continuation) => loop.Queue(continuation);

    public void UnsafeOnCompleted(Action continuation) => loop.Queue(continuation);
}
