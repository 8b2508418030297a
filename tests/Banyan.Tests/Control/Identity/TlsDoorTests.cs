using System.Security.Cryptography;
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
