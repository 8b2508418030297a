using Banyan.Control.Store;
using Xunit;

namespace Banyan.Tests.Control.Store;

public sealed class InputQueueTests
{
    [Fact]
    public async Task WhatManyAddIsTakenInTheirOrderAndNothingIsLost()
    {
        const int Threads = 4, Each = 20_000;
        var queue = new InputQueue<(int Thread, int Number)>();
        var taking = Task.Factory.StartNew(
            () =>
            {
                var last = new int[Threads];
                var batch = new List<(int Thread, int Number)>();
                while (queue.Take(batch))
                {
                    foreach (var (thread, number) in batch)
                    {
                        Assert.Equal(++last[thread], number);
                    }

                    batch.Clear();
                }

                return last;
            },
            TaskCreationOptions.LongRunning);
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() =>
        {
            for (var number = 1; number <= Each; number++)
            {
                Assert.True(queue.TryAdd((thread, number)));
            }
        })));
        Assert.True(queue.TryClose());
        Assert.All(await taking.WaitAsync(TimeSpan.FromSeconds(60)), number => Assert.Equal(Each, number));
    }

    [Fact]
    public void WhatWaitsIsStillTakenOfAQueueThatIsClosed()
    {
        var queue = new InputQueue<string>();
        Assert.True(queue.TryAdd("a"));
        Assert.True(queue.TryClose());
        Assert.False(queue.TryClose());
        Assert.False(queue.TryAdd("b"));
        var batch = new List<string>();
        Assert.True(queue.Take(batch));
        Assert.Equal(["a"], batch);
        Assert.False(queue.Take(batch));
    }
}
