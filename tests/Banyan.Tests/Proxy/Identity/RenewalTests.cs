using Banyan.Proxy.Identity;
using Xunit;

namespace Banyan.Tests.Proxy.Identity;

/// <summary>How soon a proxy asks again for the next certificate.</summary>
public sealed class RenewalTests
{
    [Fact]
    public void AFailureThatMayPassIsTriedAgainSoonAndThenLater()
    {
        var time = new ManualTime();
        var renewal = new Renewal(time);
        foreach (var most in (int[])[1, 2, 4, 8, 16, 32, 60, 60])
        {
            renewal.Failed();
            Assert.InRange(renewal.DueMs, most * 500L, most * 1000L);
        }
    }

    [Fact]
    public void ARefusalThatStaysIsNotTriedAgainForAWhile()
    {
        var renewal = new Renewal(new ManualTime());
        renewal.Failed(isFinal: true);
        Assert.InRange(renewal.DueMs, 30_000, 60_000);
    }
}
