using Banyan.Model;
using Banyan.Testing;
using Banyan.Xds;
using Xunit;

namespace Banyan.Tests.Control.Identity;

/// <summary>The anchors travel as a resource.</summary>
public sealed class TrustDeliveryTests(IdentityLab lab) : IClassFixture<IdentityLab>
{
    private const string Name = "spiffe://banyan.local";

    [Fact]
    public async Task AProxyGetsTheAnchorsAndLearnsOfTheNextOne()
    {
        await using var client = await lab.Control.XdsAsync("default/web-v1/7");
        client.Subscribe(XdsTypes.Secret, Name, "spiffe://elsewhere.test");
        var first = await client.ReceiveAndAckAsync();
        Assert.Equal(["spiffe://elsewhere.test"], first.RemovedResources);
        var root = await File.ReadAllTextAsync(Path.Combine(lab.State, "ca", "root.pem"));
        Assert.Equal(root.Trim(), Anchors(first).Trim());

        using var begun = await lab.Control.Api.PostAsync("/api/v1/certificates/rotate-root?by=me&from=none", null);
        Assert.True(begun.IsSuccessStatusCode, await begun.Content.ReadAsStringAsync());
        lab.Time.Advance(TimeSpan.FromSeconds(1));
        var second = await client.ReceiveAndAckAsync();
        Assert.Contains(root.Trim(), Anchors(second), StringComparison.Ordinal);
        Assert.Equal(2, Anchors(second).Split("BEGIN CERTIFICATE").Length - 1);
        Assert.NotEqual(first.Resources[0].Version, second.Resources[0].Version);

        using var abort = await lab.Control.Api.PostAsync("/api/v1/certificates/rotate-root?by=me&abort=true", null);
        Assert.True(abort.IsSuccessStatusCode, await abort.Content.ReadAsStringAsync());
        lab.Time.Advance(TimeSpan.FromSeconds(1));
        var third = await client.ReceiveAndAckAsync();
        Assert.Equal(first.Resources[0].Version, third.Resources[0].Version);
    }

    /// <summary>At once, to everybody, until it has run out anyway; the anchors are not told again for it.</summary>
    [Fact]
    public async Task AProxyIsToldWhatIsDenied()
    {
        await using var client = await lab.Control.XdsAsync("default/web-v1/9");
        client.Subscribe(XdsTypes.Secret, "denied-serials://banyan.local");
        var before = Denied(await client.ReceiveAndAckAsync());
        using var holder = await lab.JoinAsync();
        var serial = holder.Leaf.SerialNumber.ToLowerInvariant();
        Assert.DoesNotContain(serial, before);
        using var denied = await lab.Control.Api.PostAsync($"/api/v1/certificates/{serial}/deny?by=me", null);
        Assert.True(denied.IsSuccessStatusCode, await denied.Content.ReadAsStringAsync());
        var after = Denied(await client.ReceiveAndAckAsync());
        Assert.Equal(before.Append(serial).Order(StringComparer.Ordinal), after);
        lab.Time.Advance(TimeSpan.FromHours(25));
        Assert.Empty(Denied(await client.ReceiveAndAckAsync()));
        await client.NothingElseAsync();
    }

    /// <summary>What the objects come to never takes the anchors away.</summary>
    [Fact]
    public async Task AChangeOfTheMeshLeavesThem()
    {
        await using var client = await lab.Control.XdsAsync("default/web-v1/8");
        client.Subscribe(XdsTypes.Secret, Name);
        await client.ReceiveAndAckAsync();
        await lab.Control.AppliedAsync(Texts.Workload("later"));
        client.Subscribe(Texts.Cluster, "later.default:80");
        Assert.Equal("later.default:80", Assert.Single((await client.ReceiveAndAckAsync()).Resources).Name);
        await client.NothingElseAsync();
    }

    private static string[] Denied(DeltaDiscoveryResponse response)
    {
        var secret = Assert.Single(response.Resources).Resource_.Unpack<Secret>();
        Assert.Equal("denied-serials://banyan.local", secret.Name);
        return secret.GenericSecret.Secret.InlineBytes.ToStringUtf8().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static string Anchors(DeltaDiscoveryResponse response)
    {
        Assert.Equal(XdsTypes.Secret, response.TypeUrl);
        var resource = Assert.Single(response.Resources);
        Assert.Equal(Name, resource.Name);
        var secret = resource.Resource_.Unpack<Secret>();
        Assert.Equal(Name, secret.Name);
        return secret.ValidationContext.TrustedCa.InlineBytes.ToStringUtf8();
    }
}
