using System.Security.Cryptography;
using Banyan.Control.Identity;
using Banyan.Model;
using Banyan.Testing;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Google.Protobuf;
using Xunit;

namespace Banyan.Tests.Control.Identity;

/// <summary>Over TLS a proxy is who its certificate says, whatever it calls itself.</summary>
public sealed class TlsDoorTests(IdentityLab lab) : IClassFixture<IdentityLab>
{
    public static TheoryData<string> Paths => [GrpcTrailers.DeltaAggregatedResources, GrpcTrailers.StreamAggregatedResources, GrpcTrailers.StreamEdges];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task WithoutACertificateNothingIsServed(string path)
    {
        var answer = await CallAsync(path, "default/web-v1/0", null);
        Assert.Equal(GrpcStatusCode.Unauthenticated, answer.Status);
        Assert.Contains("join", answer.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task TheNodeMustHaveTheIdentityOfTheCertificate(string path)
    {
        using var holder = await lab.JoinAsync();
        var own = await CallAsync(path, "default/web-v1/0", holder);
        Assert.True(own.Status == GrpcStatusCode.Ok, $"{own}");
        await lab.Control.AppliedAsync(Texts.Workload("payments"));
        foreach (var node in new[] { "default/payments-v1/0", "other/web-v1/0", "other/anything/0", "defaults/web-v1/0" })
        {
            var answer = await CallAsync(path, node, holder);
            Assert.True(answer.Status == GrpcStatusCode.PermissionDenied, $"{node}: {answer}");
            Assert.Contains(IdentityLab.Web, answer.Message, StringComparison.Ordinal);
        }

        // On loopback without TLS nobody has a certificate yet.
        Assert.Equal(GrpcStatusCode.Ok, (await IdentityClient.CallAsync(lab.Plain, path, Message(path, "other/web-v1/0"))).Status);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task AForeignOrDeniedCertificateServesNobody(string path)
    {
        using var foreign = Mint.Of(lab.State, lab.Time, IdentityLab.Web).Forged().Make();
        Assert.Equal(GrpcStatusCode.Unauthenticated, (await CallAsync(path, "default/web-v1/0", foreign)).Status);
        using var holder = await lab.JoinAsync();
        using var denied = await lab.Control.Api.PostAsync($"/api/v1/certificates/{holder.Leaf.SerialNumber}/deny", null);
        Assert.True(denied.IsSuccessStatusCode);
        await Eventually.GetAsync(
            () => CallAsync(path, "default/web-v1/0", holder), answer => answer.Status == GrpcStatusCode.Unauthenticated, "the denial counts");
    }

    [Fact]
    public async Task AnOpenStreamEndsWhenItsCertificateIsDenied()
    {
        using var holder = await lab.JoinAsync();
        using var other = await lab.JoinAsync();
        await using var stream = await OpenAsync(lab, holder);
        await using var others = await OpenAsync(lab, other);
        using var denied = await lab.Control.Api.PostAsync($"/api/v1/certificates/{holder.Leaf.SerialNumber}/deny", null);
        Assert.True(denied.IsSuccessStatusCode);
        Assert.Equal(GrpcStatusCode.Unauthenticated, await stream.EndAsync());
        Assert.Contains("denied", stream.StatusMessage, StringComparison.Ordinal);

        // Nobody else is meant.
        others.Subscribe(XdsTypes.Secret, "spiffe://banyan.local");
        Assert.Single((await others.ReceiveAndAckAsync()).Resources);
    }

    /// <summary>By another control plane on the same database, say.</summary>
    [Fact]
    public async Task AnOpenStreamEndsWhenTheDatabaseSaysThatItsCertificateIsDenied()
    {
        var own = new IdentityLab();
        await own.InitializeAsync();
        await using var control = own.Control;
        using var holder = await own.JoinAsync();
        await using var stream = await OpenAsync(own, holder);
        using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(own.State, "control.db")};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "UPDATE issued SET denied_at = '2030-01-01' WHERE serial = $serial";
            command.Parameters.AddWithValue("$serial", holder.Leaf.SerialNumber.ToLowerInvariant());
            Assert.Equal(1, command.ExecuteNonQuery());
        }

        Assert.Equal(GrpcStatusCode.Unauthenticated, await stream.EndAsync());
    }

    [Fact]
    public async Task AnOpenStreamEndsWhenItsCertificateDoes()
    {
        var own = new IdentityLab();
        await own.InitializeAsync();
        await using var control = own.Control;
        using var holder = await own.JoinAsync();
        await using var stream = await OpenAsync(own, holder);
        own.Time.Advance(TimeSpan.FromHours(25));

        // It comes back at once, with the next one if it has one.
        Assert.Equal(GrpcStatusCode.Unavailable, await stream.EndAsync());
        Assert.Contains("come back", stream.StatusMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatAConnectionShowedIsGivenBackWithIt()
    {
        using var holder = await lab.JoinAsync();
        var items = new Dictionary<object, object?>();
        PeerChain.Keep(items, holder.Leaf, null);
        var peer = PeerChain.Of(items)!;
        peer.Dispose();
        Assert.Equal(IntPtr.Zero, peer.Leaf.Handle);
    }

    private static async Task<XdsClient> OpenAsync(IdentityLab lab, Holder holder)
    {
        var stream = await XdsClient.ConnectAsync(lab.Tls, "default/web-v1/0", IdentityClient.Client(holder, out _));
        stream.Subscribe(Texts.Cluster, "none.default:80");
        await stream.ReceiveAndAckAsync();
        return stream;
    }

    [Fact]
    public async Task TlsBelow13IsRefusedByOpenssl()
    {
        var address = $"{lab.Control.Plane.XdsTlsEndPoint}";
        var old = await TestProcess.RunAsync("openssl", ["s_client", "-connect", address, "-tls1_2", "-alpn", "h2"]);
        Assert.NotEqual(0, old.ExitCode);
        var now = await TestProcess.RunAsync("openssl", ["s_client", "-connect", address, "-tls1_3", "-alpn", "h2"]);
        Assert.Contains("TLSv1.3", now.Output, StringComparison.Ordinal);
        Assert.Contains("ALPN protocol: h2", now.Output, StringComparison.Ordinal);
    }

    private Task<IdentityAnswer> CallAsync(string path, string node, Holder? holder) =>
        IdentityClient.CallAsync(lab.Tls, path, Message(path, node), holder);

    private static byte[] Message(string path, string node) => (path switch
    {
        GrpcTrailers.DeltaAggregatedResources => (IMessage)new DeltaDiscoveryRequest { Node = new Node { Id = node }, TypeUrl = Texts.Endpoint },
        GrpcTrailers.StreamAggregatedResources => new DiscoveryRequest { Node = new Node { Id = node }, TypeUrl = Texts.Endpoint },
        _ => new EdgeReport { Node = node, Epoch = (ulong)RandomNumberGenerator.GetInt32(int.MaxValue), Sequence = 1, FromUnixMs = 1, ToUnixMs = 2 },
    }).ToByteArray();
}
