using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Banyan.Control.Identity;
using Banyan.Testing;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Google.Protobuf;
using Xunit;

namespace Banyan.Tests.Control.Identity;

/// <summary>Every way not to get a certificate, with the status, the word and the count of each.</summary>
public sealed class RefusedTests(IdentityLab lab) : IClassFixture<IdentityLab>
{
    private const string Web = IdentityLab.Web;

    /// <summary>Requests with a good token: what is wrong is the CSR.</summary>
    private static readonly Dictionary<string, (Func<byte[]> Make, GrpcStatusCode Status, string Reason)> Csrs = new(StringComparer.Ordinal)
    {
        ["none"] = (() => [], GrpcStatusCode.InvalidArgument, "csr-missing"),
        ["too long"] = (() => new byte[SigningRequest.MostBytes + 1], GrpcStatusCode.InvalidArgument, "csr-too-long"),
        ["noise"] = (() => [1, 2, 3, 4], GrpcStatusCode.InvalidArgument, "csr-malformed"),
        ["cut"] = (() => Csr.Of(Web)[..^1], GrpcStatusCode.InvalidArgument, "csr-malformed"),
        ["with a byte more"] = (() => [.. Csr.Of(Web), 0], GrpcStatusCode.InvalidArgument, "csr-malformed"),
        ["a certificate"] = (Certificate, GrpcStatusCode.InvalidArgument, "csr-malformed"),
        ["PEM"] = (() => System.Text.Encoding.ASCII.GetBytes("-----BEGIN CERTIFICATE REQUEST-----\n"), GrpcStatusCode.InvalidArgument, "csr-malformed"),
        ["two name extensions"] = (() => Csr.Of([Web], twice: true), GrpcStatusCode.InvalidArgument, "csr-malformed"),
        ["RSA"] = (() => Csr.OfRsa(Web), GrpcStatusCode.InvalidArgument, "csr-weak-key"),
        ["P-384"] = (() => Csr.OfCurve(Web, ECCurve.NamedCurves.nistP384), GrpcStatusCode.InvalidArgument, "csr-weak-key"),
        ["P-521"] = (() => Csr.OfCurve(Web, ECCurve.NamedCurves.nistP521), GrpcStatusCode.InvalidArgument, "csr-weak-key"),
        ["P-224"] = (() => Csr.OfCurve(Web, ECCurve.CreateFromFriendlyName("nistP224")), GrpcStatusCode.InvalidArgument, "csr-weak-key"),
        ["tampered signature"] = (() => Csr.Tampered(Web), GrpcStatusCode.InvalidArgument, "csr-signature"),
        ["tampered name"] = (() => Csr.Rewritten(Web.Replace("web", "wea", StringComparison.Ordinal), Web), GrpcStatusCode.InvalidArgument, "csr-signature"),
        ["signed by another key"] = (() => Csr.Swapped(Web), GrpcStatusCode.InvalidArgument, "csr-signature"),
        ["no name"] = (() => Csr.Of([]), GrpcStatusCode.InvalidArgument, "csr-no-uri"),
        ["a DNS name only"] = (() => Csr.Of([], dns: ["web.default"]), GrpcStatusCode.InvalidArgument, "csr-no-uri"),
        ["two URIs"] = (() => Csr.Of([Web, "spiffe://banyan.local/ns/default/sa/other"]), GrpcStatusCode.InvalidArgument, "csr-two-uris"),
        ["the same URI twice"] = (() => Csr.Of([Web, Web]), GrpcStatusCode.InvalidArgument, "csr-two-uris"),
        ["https"] = (() => Csr.Of("https://banyan.local/ns/default/sa/web"), GrpcStatusCode.InvalidArgument, "csr-not-spiffe"),
        ["capitals"] = (() => Csr.Of("SPIFFE://banyan.local/ns/default/sa/web"), GrpcStatusCode.InvalidArgument, "csr-not-spiffe"),
        ["capitals in the domain"] = (() => Csr.Of("spiffe://Banyan.local/ns/default/sa/web"), GrpcStatusCode.InvalidArgument, "csr-not-spiffe"),
        ["a slash more"] = (() => Csr.Of(Web + "/"), GrpcStatusCode.InvalidArgument, "csr-not-spiffe"),
        ["a segment more"] = (() => Csr.Of(Web + "/x"), GrpcStatusCode.InvalidArgument, "csr-not-spiffe"),
        ["dot segments"] = (() => Csr.Of("spiffe://banyan.local/ns/../sa/web"), GrpcStatusCode.InvalidArgument, "csr-not-spiffe"),
        ["percent"] = (() => Csr.Of("spiffe://banyan.local/ns/default/sa/w%65b"), GrpcStatusCode.InvalidArgument, "csr-not-spiffe"),
        ["a query"] = (() => Csr.Of(Web + "?x"), GrpcStatusCode.InvalidArgument, "csr-not-spiffe"),
        ["a port"] = (() => Csr.Of("spiffe://banyan.local:80/ns/default/sa/web"), GrpcStatusCode.InvalidArgument, "csr-not-spiffe"),
        ["the trust domain alone"] = (() => Csr.Of("spiffe://banyan.local"), GrpcStatusCode.InvalidArgument, "csr-not-spiffe"),
        ["another account"] = (() => Csr.Of("spiffe://banyan.local/ns/default/sa/payments"), GrpcStatusCode.PermissionDenied, "other-identity"),
        ["another namespace"] = (() => Csr.Of("spiffe://banyan.local/ns/other/sa/web"), GrpcStatusCode.PermissionDenied, "other-identity"),
        ["another trust domain"] = (() => Csr.Of("spiffe://banyan.locals/ns/default/sa/web"), GrpcStatusCode.PermissionDenied, "other-identity"),
        ["the control plane's"] = (() => Csr.Of("spiffe://banyan.local/ns/banyan-system/sa/control-plane"), GrpcStatusCode.PermissionDenied, "other-identity"),
    };

    /// <summary>What a token is changed to, and the word for it.</summary>
    private static readonly Dictionary<string, (Func<string, string> Change, string Reason)> Tokens = new(StringComparer.Ordinal)
    {
        ["no token"] = (_ => "", "no-proof"),
        ["noise"] = (_ => "x", "token-malformed"),
        ["of the API"] = (_ => "banyan_000000000000_00", "token-malformed"),
        ["of a later version"] = (text => "bj2" + text[3..], "token-malformed"),
        ["without its end"] = (text => text[..text.LastIndexOf('.')], "token-malformed"),
        ["with a part more"] = (text => text + ".x", "token-malformed"),
        ["with a shorter secret"] = (text => Part(text, 2, part => part[..^4]), "token-malformed"),
        ["very long"] = (text => text + new string('a', 1000), "token-malformed"),
        ["of another authority"] = (text => Part(text, 3, _ => Random(32)), "token-foreign"),
        ["of another id"] = (text => Part(text, 1, _ => Random(16)), "token-unknown"),
        ["with another secret"] = (text => Part(text, 2, _ => Random(32)), "token-unknown"),
    };

    /// <summary>Client certificates that are wrong in one way.</summary>
    private static readonly Dictionary<string, (Func<Mint, Mint> Change, string Reason)> Proofs = new(StringComparer.Ordinal)
    {
        ["expired"] = (mint => mint with { From = mint.From.AddDays(-2), Until = mint.Until.AddDays(-2) }, "proof-expired"),
        ["not yet valid"] = (mint => mint with { From = mint.From.AddDays(2), Until = mint.Until.AddDays(2) }, "proof-not-yet-valid"),
        ["of an authority"] = (mint => mint with { IsAuthority = true }, "proof-authority"),
        ["for servers only"] = (mint => mint with { Enhanced = ["1.3.6.1.5.5.7.3.1"] }, "proof-usage"),
        ["without purpose"] = (mint => mint with { Enhanced = [] }, "proof-usage"),
        ["without key usage"] = (mint => mint with { Usage = null }, "proof-usage"),
        ["with another key usage"] = (mint => mint with { Usage = X509KeyUsageFlags.KeyCertSign }, "proof-usage"),
        ["on P-384"] = (mint => mint with { Curve = ECCurve.NamedCurves.nistP384 }, "proof-weak-key"),
        ["of another authority of the same name"] = (mint => mint.Forged(), "proof-untrusted"),
        ["without URI"] = (mint => mint with { Uris = [] }, "proof-no-identity"),
        ["with two URIs"] = (mint => mint with { Uris = [Web, Web] }, "proof-no-identity"),
        ["with a URI that is none of SPIFFE"] = (mint => mint with { Uris = ["https://banyan.local/"] }, "proof-no-identity"),
        ["of another trust domain"] = (mint => mint with { Uris = ["spiffe://other.local/ns/default/sa/web"] }, "proof-trust-domain"),
    };

    /// <summary>All of them, for the table.</summary>
    internal static IEnumerable<(string Name, string Reason)> Rules =>
    [
        .. Csrs.Select(each => ("CSR: " + each.Key, each.Value.Reason)),
        .. Tokens.Select(each => ("token: " + each.Key, each.Value.Reason)),
        .. Proofs.Select(each => ("certificate: " + each.Key, each.Value.Reason)),
        ("token: too late", "token-expired"),
        ("token: used", "token-used"),
        ("token: of a workload that is gone", "no-workload"),
        ("certificate: of somebody else", "other-identity"),
        ("certificate: of the control plane", "reserved-identity"),
        ("certificate: denied", "proof-denied"),
    ];

    public static TheoryData<string> CsrNames => [.. Csrs.Keys];

    public static TheoryData<string> TokenNames => [.. Tokens.Keys];

    public static TheoryData<string> ProofNames => [.. Proofs.Keys];

    [Theory]
    [MemberData(nameof(CsrNames))]
    public async Task ByItsCsr(string name)
    {
        var (make, status, reason) = Csrs[name];
        var token = await lab.TokenAsync();
        await RefusedAsync(IdentityLab.Request(make(), token.Token), status, reason);

        // A refusal uses nothing up.
        var good = await IdentityClient.CertifyAsync(lab.Plain, IdentityLab.Request(Csr.Of(Web), token.Token));
        Assert.True(good.Status == GrpcStatusCode.Ok, $"{good}");
    }

    [Theory]
    [MemberData(nameof(TokenNames))]
    public async Task ByItsToken(string name)
    {
        var (change, reason) = Tokens[name];
        var token = await lab.TokenAsync();
        await RefusedAsync(IdentityLab.Request(Csr.Of(Web), change(token.Token)), GrpcStatusCode.Unauthenticated, reason);
    }

    [Theory]
    [MemberData(nameof(ProofNames))]
    public async Task ByItsCertificate(string name)
    {
        var (change, reason) = Proofs[name];
        var good = Mint.Of(lab.State, lab.Time, Web);
        using (var holder = good.Make())
        {
            var answer = await IdentityClient.CertifyAsync(lab.Tls, IdentityLab.Request(Csr.Of(Web)), holder);
            Assert.True(answer.Status == GrpcStatusCode.Ok, $"{answer}");
        }

        using var wrong = change(good).Make();
        await RefusedAsync(IdentityLab.Request(Csr.Of(Web)), GrpcStatusCode.Unauthenticated, reason, wrong);
    }

    [Fact]
    public async Task ATokenWhoseTimeIsUp()
    {
        var token = await lab.TokenAsync(query: "&expiresIn=60");
        lab.Time.Advance(TimeSpan.FromSeconds(60));
        var answer = await RefusedAsync(IdentityLab.Request(Csr.Of(Web), token.Token), GrpcStatusCode.Unauthenticated, "token-expired");
        Assert.Contains($"{token.ExpiresAt:u}", answer.Message, StringComparison.Ordinal);
        Assert.Contains($"{lab.Time.GetUtcNow():u}", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATokenThatWasUsed()
    {
        var token = await lab.TokenAsync();
        var request = IdentityLab.Request(Csr.Of(Web), token.Token);
        Assert.Equal(GrpcStatusCode.Ok, (await IdentityClient.CertifyAsync(lab.Plain, request)).Status);
        await RefusedAsync(request, GrpcStatusCode.Unauthenticated, "token-used");
    }

    [Fact]
    public async Task ATokenOfAWorkloadThatIsGone()
    {
        await lab.Control.AppliedAsync(Texts.Workload("passing"));
        var token = await lab.TokenAsync("default/passing-v1");
        Assert.Equal("spiffe://banyan.local/ns/default/sa/passing", token.Identity);
        using var deleted = await lab.Control.Api.DeleteAsync("/api/v1/resources/workload/default/passing-v1");
        Assert.True(deleted.IsSuccessStatusCode);
        await RefusedAsync(IdentityLab.Request(Csr.Of(token.Identity), token.Token), GrpcStatusCode.PermissionDenied, "no-workload");
    }

    /// <summary>As long as some workload has the identity, whichever.</summary>
    [Fact]
    public async Task TheRenewalOfAWorkloadThatIsGone()
    {
        const string Leaving = "spiffe://banyan.local/ns/default/sa/leaving";
        await lab.Control.AppliedAsync(Texts.Workload("leaving"));
        using var holder = await lab.JoinAsync(Leaving, "default/leaving-v1");
        var renewed = await IdentityClient.CertifyAsync(lab.Tls, IdentityLab.Request(Csr.Of(Leaving)), holder);
        Assert.True(renewed.Status == GrpcStatusCode.Ok, $"{renewed}");
        using var deleted = await lab.Control.Api.DeleteAsync("/api/v1/resources/workload/default/leaving-v1");
        Assert.True(deleted.IsSuccessStatusCode);
        await RefusedAsync(IdentityLab.Request(Csr.Of(Leaving)), GrpcStatusCode.PermissionDenied, "no-workload", holder);
    }

    [Fact]
    public async Task ACertificateOfSomebodyElse()
    {
        using var holder = await lab.JoinAsync();
        await RefusedAsync(
            IdentityLab.Request(Csr.Of("spiffe://banyan.local/ns/default/sa/payments")), GrpcStatusCode.PermissionDenied, "other-identity", holder);
    }

    [Fact]
    public async Task TheNamespaceOfTheControlPlane()
    {
        const string Own = "spiffe://banyan.local/ns/banyan-system/sa/control-plane";
        using var holder = Mint.Of(lab.State, lab.Time, Own).Make();
        await RefusedAsync(IdentityLab.Request(Csr.Of(Own)), GrpcStatusCode.PermissionDenied, "reserved-identity", holder);
    }

    [Fact]
    public async Task ADeniedCertificate()
    {
        using var holder = await lab.JoinAsync();
        using var denied = await lab.Control.Api.PostAsync($"/api/v1/certificates/{holder.Leaf.SerialNumber}/deny?by=me", null);
        Assert.True(denied.IsSuccessStatusCode, await denied.Content.ReadAsStringAsync());
        await RefusedAsync(IdentityLab.Request(Csr.Of(Web)), GrpcStatusCode.Unauthenticated, "proof-denied", holder);
    }

    [Fact]
    public async Task AMessageThatIsNone()
    {
        foreach (var (bytes, framed) in new[] { (new byte[] { 0xff }, true), ([9, 9], false), (new byte[SigningRequest.MostBytes * 2], true), ([], false) })
        {
            var answer = await IdentityClient.CallAsync(lab.Plain, GrpcTrailers.Certify, bytes, framed: framed);
            Assert.True(answer.Status == GrpcStatusCode.InvalidArgument, $"{answer}");
        }
    }

    [Fact]
    public void MutatedRequestsNeverThrow()
    {
        var random = new Random(7);
        var seed = Csr.Of(Web);
        for (var i = 0; i < 3000; i++)
        {
            var (request, refusal) = SigningRequest.Read(Mutate.Bytes(random, seed));
            Assert.True(refusal is not null || $"{request!.Identity}" == Web, $"mutation {i}");
        }
    }

    private static byte[] Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1));
        return certificate.RawData;
    }

    private static string Part(string token, int index, Func<string, string> change)
    {
        var parts = token.Split('.');
        parts[index] = change(parts[index]);
        return string.Join('.', parts);
    }

    private static string Random(int bytes) => System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(bytes));

    private async Task<IdentityAnswer> RefusedAsync(
        CertifyRequest request, GrpcStatusCode status, string reason, Holder? holder = null)
    {
        var before = await CountAsync(reason);
        var answer = await IdentityClient.CertifyAsync(holder is null ? lab.Plain : lab.Tls, request, holder);
        Assert.True(answer.Status == status, $"{answer}");
        Assert.NotEmpty(answer.Message);
        Assert.Empty(answer.Body);
        Assert.Contains($"`{reason}`", File.ReadAllText(Repository.File("docs", "reference", "identity.md")), StringComparison.Ordinal);
        Assert.Equal(before + 1, await CountAsync(reason));
        return answer;
    }

    private async Task<long> CountAsync(string reason) =>
        (await IdentityLab.StatusAsync(lab.Control)).Refusals.FirstOrDefault(each => each.Reason == reason)?.Count ?? 0;
}
