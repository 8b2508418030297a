using Xunit;

namespace Banyan.Tests.Rules;

/// <summary>Asserts that code allocates nothing on this thread once it is warm.</summary>
internal static class Allocations
{
    private const int Rounds = 5;

    public static void AssertNone(Action action)
    {
        for (var i = 0; i < 100; i++)
        {
            action();
        }

        // A collection that another test caused may count the rest of this thread's allocation context as allocated, once.
        var least = long.MaxValue;
        for (var round = 0; round < Rounds && least > 0; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1_000; i++)
            {
                action();
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }
}
