using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Banyan.Testing;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Xunit;

namespace Banyan.Tests.Control.Identity;

/// <summary>Who proves an identity gets a certificate that others believe.</summary>
public sealed class CertifyTests(IdentityLab lab) : IClassFixture<IdentityLab>
{
    [Fact]
    public async Task ATokenBringsACertificateAndTheCertificateTheNextOne()
    {
        using var first = await lab.JoinAsync();
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var answer = await IdentityClient.CertifyAsync(lab.Tls, IdentityLab.Request(Csr.Of(IdentityLab.Web, key)), first);
        Assert.True(answer.Status == GrpcStatusCode.Ok, $"{answer}");
        using var second = IdentityLab.HolderOf(key, answer);
        Assert.NotEqual(first.Leaf.SerialNumber, second.Leaf.SerialNumber);
        Assert.Equal(key.ExportSubjectPublicKeyInfo(), second.Leaf.PublicKey.ExportSubjectPublicKeyInfo());
        var certified = answer.Certified;
        Assert.Equal(lab.Time.GetUtcNow().AddMinutes(-5).ToUnixTimeSeconds(), certified.NotBeforeUnix);
        Assert.Equal(lab.Time.GetUtcNow().AddHours(24).ToUnixTimeSeconds(), certified.NotAfterUnix);
        var bundle = Assert.Single(certified.Bundles);
        Assert.Equal("banyan.local", bundle.TrustDomain);
        Assert.Equal(File.ReadAllText(Path.Combine(lab.State, "ca", "root.pem")).Trim(), Pem(Assert.Single(bundle.Anchors).ToByteArray()).Trim());

        var issued = (await lab.Control.Api.GetStringAsync($"/api/v1/certificates/issued?identity={Uri.EscapeDataString(IdentityLab.Web)}&limit=500"));
        Assert.Contains($"\"serial\":\"{second.Leaf.SerialNumber.ToLowerInvariant()}\"", issued, StringComparison.Ordinal);
        Assert.Contains($"\"proofId\":\"{first.Leaf.SerialNumber.ToLowerInvariant()}\"", issued, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatTheCsrAsksForBesidesIsIgnored()
    {
        using var holder = await lab.JoinAsync();
        Assert.Equal("", holder.Leaf.Subject);
        Assert.Equal(
            ["2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.35", "2.5.29.37"],
            holder.Leaf.Extensions.Select(each => each.Oid!.Value!).Order(StringComparer.Ordinal));
        Assert.False(holder.Leaf.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        Assert.Equal(X509KeyUsageFlags.DigitalSignature, holder.Leaf.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages);
        Assert.Equal(
            ["2.5.29.15", "2.5.29.17", "2.5.29.19"],
            holder.Leaf.Extensions.Where(each => each.Critical).Select(each => each.Oid!.Value!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task OpensslBelievesTheChainAndReadsTheSame()
    {
        using var folder = new TempFolder();
        using var holder = await lab.JoinAsync();
        folder.Write("leaf.pem", holder.Leaf.ExportCertificatePem());
        folder.Write("chain.pem", string.Join('\n', holder.Intermediates.Select(each => each.ExportCertificatePem())));
        var root = Path.Combine(lab.State, "ca", "root.pem");
        var at = $"{lab.Time.GetUtcNow().ToUnixTimeSeconds()}";
        foreach (var purpose in new[] { "sslclient", "sslserver" })
        {
            await OpensslAsync("verify", "-x509_strict", "-attime", at, "-purpose", purpose, "-CAfile", root, "-untrusted", folder["chain.pem"], folder["leaf.pem"]);
        }

        // The verdict depends on the chain: without the issuing certificate there is none.
        var broken = await TestProcess.RunAsync("openssl", ["verify", "-attime", at, "-CAfile", root, folder["leaf.pem"]]);
        Assert.NotEqual(0, broken.ExitCode);
        var text = await OpensslAsync("x509", "-in", folder["leaf.pem"], "-noout", "-text");
        Assert.Contains("URI:spiffe://banyan.local/ns/default/sa/web", text, StringComparison.Ordinal);
        Assert.Matches("Subject Alternative Name: critical", text);
        Assert.Matches("Basic Constraints: critical\\s+CA:FALSE", text);
        Assert.Matches("Key Usage: critical\\s+Digital Signature\\n", text);
        Assert.Contains("TLS Web Server Authentication, TLS Web Client Authentication", text, StringComparison.Ordinal);
        Assert.Contains("NIST CURVE: P-256", text, StringComparison.Ordinal);
        var rootText = await OpensslAsync("x509", "-in", root, "-noout", "-text");
        Assert.Matches("Basic Constraints: critical\\s+CA:TRUE\\n", rootText);
        Assert.Matches("Key Usage: critical\\s+Certificate Sign, CRL Sign", rootText);
        Assert.Matches("CA:TRUE, pathlen:0", await OpensslAsync("x509", "-in", folder["chain.pem"], "-noout", "-text"));
    }

    [Fact]
    public async Task ARequestThatOpensslMadeIsTaken()
    {
        using var folder = new TempFolder();
        await OpensslAsync(
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", folder["key.pem"],
            "-subj", "/CN=whatever", "-addext", $"subjectAltName=URI:{IdentityLab.Web},DNS:web.default", "-outform", "DER", "-out", folder["csr.der"]);
        var token = await lab.TokenAsync();
        var answer = await IdentityClient.CertifyAsync(lab.Plain, IdentityLab.Request(await File.ReadAllBytesAsync(folder["csr.der"]), token.Token));
        Assert.True(answer.Status == GrpcStatusCode.Ok, $"{answer}");
        folder.Write("leaf.pem", Pem(answer.Certified.Chain[0].ToByteArray()));
        Assert.Equal(
            await OpensslAsync("pkey", "-in", folder["key.pem"], "-pubout"),
            await OpensslAsync("x509", "-in", folder["leaf.pem"], "-noout", "-pubkey"));
        Assert.DoesNotContain("DNS:", await OpensslAsync("x509", "-in", folder["leaf.pem"], "-noout", "-text"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhoJoinsKnowsTheControlPlaneByTheHashInItsToken()
    {
        var token = await lab.TokenAsync();
        using var http = IdentityClient.Client(null, out var shown);
        var answer = await IdentityClient.CallAsync(lab.Tls, GrpcTrailers.FetchTrust, []);
        Assert.Equal(GrpcStatusCode.Ok, answer.Status);
        var anchor = Assert.Single(Assert.Single(FetchTrustResponse.Parser.ParseFrom(answer.Body).Bundles).Anchors);
        using var root = X509CertificateLoader.LoadCertificate(anchor.Span);
        var hash = SHA256.HashData(root.PublicKey.ExportSubjectPublicKeyInfo());
        Assert.Equal(token.Token.Split('.')[3], System.Buffers.Text.Base64Url.EncodeToString(hash));

        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(lab.Tls, GrpcTrailers.FetchTrust))
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await http.SendAsync(request);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.ExtraStore.AddRange(shown.Skip(1).Select(X509CertificateLoader.LoadCertificate).ToArray());
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = lab.Time.GetUtcNow().UtcDateTime;
        using var server = X509CertificateLoader.LoadCertificate(shown[0]);
        Assert.True(chain.Build(server), string.Join(' ', chain.ChainStatus.Select(each => each.StatusInformation)));
        Assert.Equal("spiffe://banyan.local/ns/banyan-system/sa/control-plane", $"{Banyan.Control.Identity.Certificates.IdentityOf(server)}");
    }

    [Fact]
    public async Task OfManyWhoShowOneTokenOneGetsACertificate()
    {
        var token = await lab.TokenAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ =>
            IdentityClient.CertifyAsync(lab.Plain, IdentityLab.Request(Csr.Of(IdentityLab.Web), token.Token))));
        Assert.Single(answers, each => each.Status == GrpcStatusCode.Ok);
        Assert.Equal(39, answers.Count(each => each.Status == GrpcStatusCode.Unauthenticated));
    }

    private static async Task<string> OpensslAsync(params string[] arguments)
    {
        var result = await TestProcess.RunAsync("openssl", arguments);
        Assert.True(result.ExitCode == 0, $"openssl {string.Join(' ', arguments)}: {result}");
        return result.Output;
    }

    private static string Pem(byte[] der) => PemEncoding.WriteString("CERTIFICATE", der);
}
