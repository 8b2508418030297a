using Xunit;

namespace Banyan.Tests.Rules;

/// <summary>Asserts that code allocates nothing on this thread once it is warm.</summary>
internal static class Allocations
{
    public static void AssertNone(Action action)
    {
        for (var i = 0; i < 100; i++)
        {
            action();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            action();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
