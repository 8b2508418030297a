using Banyan.Proxy.Xds;
using Xunit;

namespace Banyan.Tests.Proxy.Xds;

/// <summary>Which control plane a proxy turns to, and how long it bears silence.</summary>
public sealed class ControlPlanesTests
{
    private static readonly Uri[] Three = [new("http://a:1"), new("http://b:1"), new("http://c:1")];
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    [Fact]
    public void ProxiesSpreadOverTheReplicasAndThoseOfOneOverTheOthers()
    {
        const int Nodes = 3000;
        var orders = Enumerable.Range(0, Nodes).Select(node => Order($"default/web/{node}", Three)).ToList();
        foreach (var first in Three)
        {
            var those = orders.Where(order => order[0] == first).ToList();
            Assert.InRange(those.Count, Nodes / 3 * 0.8, Nodes / 3 * 1.2);
            foreach (var second in Three.Where(uri => uri != first))
            {
                Assert.InRange(those.Count(order => order[1] == second), those.Count * 0.4, those.Count * 0.6);
            }
        }
    }

    [Fact]
    public void TheOrderIsTheNodesOwnHoweverTheyAreGiven()
    {
        for (var node = 0; node < 20; node++)
        {
            Assert.Equal(Order($"a/b/{node}", Three), Order($"a/b/{node}", [Three[2], Three[0], Three[1]]));
        }
    }

    [Fact]
    public void TheNextIsTriedAtOnceUntilARoundFailed()
    {
        var planes = new ControlPlanes("a/b/0", Three);
        Assert.Equal(TimeSpan.Zero, planes.Next(answered: true, Long));
        Assert.Equal(TimeSpan.Zero, planes.Next(answered: false, TimeSpan.Zero));
        AssertPause(0, planes.Next(answered: false, TimeSpan.Zero));
        for (var round = 1; round < 10; round++)
        {
            Assert.Equal(TimeSpan.Zero, planes.Next(answered: false, TimeSpan.Zero));
            Assert.Equal(TimeSpan.Zero, planes.Next(answered: false, TimeSpan.Zero));
            AssertPause(round, planes.Next(answered: false, TimeSpan.Zero));
        }

        // One that served is followed by another at once again.
        Assert.Equal(TimeSpan.Zero, planes.Next(answered: false, TimeSpan.Zero));
        Assert.Equal(TimeSpan.Zero, planes.Next(answered: false, TimeSpan.Zero));
        Assert.Equal(TimeSpan.Zero, planes.Next(answered: true, Long));
    }

    [Fact]
    public void StreamsThatEndAsSoonAsTheyAnswerAreNotARaceRoundTheReplicas()
    {
        var planes = new ControlPlanes("a/b/0", Three);
        var pauses = Enumerable.Range(0, 9).Select(_ => planes.Next(answered: true, TimeSpan.Zero)).ToList();
        Assert.Equal(3, pauses.Count(pause => pause > TimeSpan.Zero));
    }

    [Fact]
    public void OneAloneIsAskedAgainAfterAPause()
    {
        var planes = new ControlPlanes("a/b/0", [Three[0]]);
        Assert.False(planes.HasOthers);
        AssertPause(0, planes.Next(answered: true, Long));
        AssertPause(1, planes.Next(answered: false, TimeSpan.Zero));
        AssertPause(2, planes.Next(answered: false, TimeSpan.Zero));
    }

    [Fact]
    public void SilenceIsBorneLongerEachTimeItEndsAConnection()
    {
        var patience = new Patience(hasOthers: true);
        var all = new List<long> { patience.Ms };
        for (var i = 0; i < 6; i++)
        {
            patience.Ended(silent: true, tooOften: false, TimeSpan.FromSeconds(10));
            all.Add(patience.Ms);
        }

        Assert.Equal([1000, 2000, 4000, 8000, 16000, 20000, 20000], all);
        patience.Ended(silent: false, tooOften: false, TimeSpan.FromSeconds(10));
        Assert.Equal(20000, patience.Ms);
        patience.Ended(silent: false, tooOften: false, Long);
        Assert.Equal(1000, patience.Ms);
    }

    [Fact]
    public void WhoWasToldThatItAsksTooOftenNeverDoesAgain()
    {
        foreach (var hasOthers in new[] { true, false })
        {
            var patience = new Patience(hasOthers);
            var told = 0;
            while (patience.Ms < 300_000)
            {
                patience.Ended(silent: false, tooOften: true, Long);
                told++;
            }

            Assert.InRange(told, 1, 9);
            var learned = patience.Ms;
            patience.Ended(silent: false, tooOften: false, Long);
            patience.Ended(silent: true, tooOften: false, Long);
            Assert.Equal(learned, patience.Ms);
        }
    }

    [Fact]
    public void AStreamOnWhichNothingWasNewIsNoFailure()
    {
        var planes = new ControlPlanes("a/b/0", [Three[0]]);
        AssertPause(1, planes.Next(answered: false, TimeSpan.Zero));
        AssertPause(2, planes.Next(answered: false, TimeSpan.Zero));
        AssertPause(0, planes.Next(answered: false, Long));
    }

    [Fact]
    public void WithNobodyElseToTurnToSilenceIsBorneLong()
    {
        var patience = new Patience(hasOthers: false);
        patience.Ended(silent: true, tooOften: false, Long);
        Assert.Equal(20000, patience.Ms);
    }

    private static List<Uri> Order(string node, Uri[] addresses)
    {
        var planes = new ControlPlanes(node, addresses);
        return [.. addresses.Select(_ =>
        {
            var current = planes.Current;
            planes.Next(answered: false, TimeSpan.Zero);
            return current;
        })];
    }

    private static void AssertPause(int failures, TimeSpan pause)
    {
        var full = TimeSpan.FromMilliseconds(Math.Min(5000, 100 * Math.Pow(2, failures)));
        Assert.InRange(pause, full / 2, full);
    }
}
