using Banyan.Proxy.Identity;
using Banyan.Tests.Proxy.Tls;
using Banyan.Xds;
using Xunit;

namespace Banyan.Tests.Proxy.Xds;

/// <summary>Anchors that a stream tells are taken over once.</summary>
public sealed class AnchorTests
{
    private const string Name = "spiffe://banyan.local";

    private readonly DiscoveryDriver _driver = new();

    /// <summary>A proxy whose certificate ran out joins anew and gets the anchors of now: those of the stream before must not
    /// come back.</summary>
    [Fact]
    public void WhatADeadStreamToldIsNotTakenAgain()
    {
        using var authority = new TestAuthority();
        using var next = new TestAuthority("next root");
        Assert.Null(_driver.Discovery.TakeAnchors());
        Open();
        Assert.Null(_driver.Discovery.TakeAnchors());
        _driver.Send(Anchors(authority));
        Assert.Equal([authority.Root], _driver.Discovery.TakeAnchors()!);
        Assert.Null(_driver.Discovery.TakeAnchors());
        _driver.Discovery.Close("gone");
        Assert.Null(_driver.Discovery.TakeAnchors());
        Open();
        Assert.Null(_driver.Discovery.TakeAnchors());
        _driver.Send(Anchors(next));
        Assert.Equal([next.Root], _driver.Discovery.TakeAnchors()!);
    }

    private static Secret Anchors(TestAuthority authority) => new()
    {
        Name = Name,
        ValidationContext = new CertificateValidationContext { TrustedCa = new DataSource { InlineString = Pem.Write([authority.Root]) } },
    };

    private void Open()
    {
        _driver.Discovery.TrustDomain = "banyan.local";
        _driver.Discovery.Open();
        _driver.Requests();
    }
}
