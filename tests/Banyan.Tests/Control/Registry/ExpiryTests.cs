using Banyan.Control.Registry;
using Banyan.Tests.Proxy;
using Xunit;

namespace Banyan.Tests.Control.Registry;

public sealed class ExpiryTests
{
    [Theory]
    [InlineData(4, 0, 1, 1)]
    [InlineData(4, 0, 4, 2)]
    [InlineData(5, 0, 5, 2)]
    [InlineData(1, 0, 1, 0)]
    [InlineData(4, 1, 3, 1)]
    [InlineData(4, 2, 2, 0)]
    [InlineData(10, 8, 2, 0)]
    public void AtMostHalfIsForgottenUnasked(int all, int lately, int silent, int forgotten)
    {
        var (forget, ask) = Expiry.Judge(all, lately, [.. Enumerable.Range(1, silent).Select(port => (Item(port), true))]);
        Assert.Equal(forgotten, forget.Count);
        Assert.Equal(silent - forgotten, ask.Count);
    }

    [Fact]
    public void WhoWasNotHeardSinceTheStartIsAsked()
    {
        var (forget, ask) = Expiry.Judge(10, 0, [(Item(1), false), (Item(2), true)]);
        Assert.Equal([Item(2)], forget);
        Assert.Equal([Item(1)], ask);
    }

    [Fact]
    public void ClocksBeginWhenARegistrationIsSeenAndAgainWithEachHeartbeat()
    {
        var time = new ManualTime();
        var leases = new Leases(time);
        var item = Item(1) with { Ttl = 10 };
        Assert.Equal((false, false), leases.Judge(item));
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal((false, false), leases.Judge(item));
        leases.Renew(item.Id);
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal((false, true), leases.Judge(item));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((true, true), leases.Judge(item));
        leases.Answered(item.Id);
        Assert.Equal((false, false), leases.Judge(item));
        time.Advance(TimeSpan.FromDays(1));
        Assert.Equal((false, false), leases.Judge(item with { Ttl = 0 }));
    }

    private static Registration Item(int port) => new() { Service = "s", Address = $"10.0.0.1:{port}", Ttl = 1 };
}
