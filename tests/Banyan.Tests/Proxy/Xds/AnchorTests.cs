using Banyan.Proxy.Identity;
using Banyan.Proxy.Xds;
using Banyan.Tests.Proxy.Tls;
using Banyan.Xds;
using Xunit;

namespace Banyan.Tests.Proxy.Xds;

/// <summary>Anchors are those of the stream that is open.</summary>
public sealed class AnchorTests
{
    private const string Name = "spiffe://banyan.local";

    private readonly DiscoveryDriver _driver = new();

    /// <summary>A proxy whose certificate ran out joins anew and gets the anchors of now: those of the stream before must not
    /// come back.</summary>
    [Fact]
    public void WhatADeadStreamToldIsOver()
    {
        using var authority = new TestAuthority();
        using var next = new TestAuthority("next root");
        Assert.Null(_driver.Discovery.Anchors);
        Open();
        Assert.Null(_driver.Discovery.Anchors);
        _driver.Send(Anchors(authority));
        Assert.Equal([authority.Root], _driver.Discovery.Anchors!);
        _driver.Discovery.Close("gone");
        Assert.Null(_driver.Discovery.Anchors);

        // The next stream tells them whether they have changed or not: it is not told what is held.
        var asked = Open();
        Assert.Equal([Name, "denied-serials://banyan.local"], asked.ResourceNamesSubscribe);
        Assert.Empty(asked.InitialResourceVersions);
        Assert.Null(_driver.Discovery.Anchors);
        _driver.Send(Anchors(next));
        Assert.Equal([next.Root], _driver.Discovery.Anchors!);
    }

    /// <summary>As with anchors: a list of no serials is one that was told, none at all is not.</summary>
    [Fact]
    public void WhatIsDeniedIsToldByTheStream()
    {
        Open();
        Assert.Null(_driver.Discovery.Denied);
        _driver.Send(Denied("00ab\n12\n"));
        Assert.Equal(["ab", "12"], _driver.Discovery.Denied!);
        _driver.Send(Denied(""));
        Assert.Empty(_driver.Discovery.Denied!);
        foreach (var wrong in (string[])["1 2\n", "xyz\n", "AB\n", new string('1', 41) + "\n"])
        {
            _driver.Send(Denied(wrong));
            Assert.Contains("a line is no serial", _driver.Discovery.LastNack!.Message, StringComparison.Ordinal);
            Assert.Empty(_driver.Discovery.Denied!);
        }

        _driver.Discovery.Close("gone");
        Assert.Null(_driver.Discovery.Denied);
    }

    private static Secret Denied(string lines) => new()
    {
        Name = "denied-serials://banyan.local",
        GenericSecret = new GenericSecret { Secret = new DataSource { InlineString = lines } },
    };

    private static Secret Anchors(TestAuthority authority) => new()
    {
        Name = Name,
        ValidationContext = new CertificateValidationContext { TrustedCa = new DataSource { InlineString = Pem.Write([authority.Root]) } },
    };

    private DeltaDiscoveryRequest Open()
    {
        _driver.Discovery.TrustDomain = "banyan.local";
        _driver.Discovery.Open();
        return _driver.Requests().Single(request => request.TypeUrl == ResourceTypes.Url(ResourceType.Secret));
    }
}
