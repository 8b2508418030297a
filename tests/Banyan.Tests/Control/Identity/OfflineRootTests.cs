using System.Net;
using System.Net.Http.Json;
using System.Text;
using Banyan.Control.Api;
using Banyan.Control.Identity;
using Banyan.Testing;
using Banyan.Tests.Proxy;
using Banyan.Xds.Grpc;
using Xunit;

namespace Banyan.Tests.Control.Identity;

/// <summary>A root that is kept elsewhere, and one that follows another.</summary>
public sealed class OfflineRootTests
{
    [Fact]
    public async Task AnIssuingCertificateThatOpensslSignedIsInstalled()
    {
        var lab = new IdentityLab();
        await lab.InitializeAsync();
        await using var control = lab.Control;
        using var folder = new TempFolder("openssl");
        var before = await IdentityLab.StatusAsync(control);

        // Somebody else's root: only while nobody has a certificate.
        await OpensslAsync("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder["root.key"]);
        await OpensslAsync(
            "req", "-x509", "-new", "-key", folder["root.key"], "-subj", "/CN=offline root", "-days", "3650", "-out", folder["root.pem"],
            "-addext", "keyUsage=critical,keyCertSign");
        await SignAsync(control, folder, folder["root.pem"], folder["root.key"]);
        lab.Time.Advance(DateTimeOffset.Parse("2099-01-01T00:00:00Z") - lab.Time.GetUtcNow());
        var late = await InstallAsync(control, folder, "root.pem");
        Assert.Contains("is valid from", (await TestControl.ProblemAsync(late, HttpStatusCode.UnprocessableEntity)).Detail, StringComparison.Ordinal);
        Assert.Equal(before.Root, (await IdentityLab.StatusAsync(control)).Root);
    }

    [Fact]
    public async Task WhatARootElsewhereSignedIsInUseAtOnce()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("web")));
        var before = await IdentityLab.ReadyAsync(control);
        using var folder = new TempFolder("openssl");
        await OpensslAsync("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder["root.key"]);
        await OpensslAsync(
            "req", "-x509", "-new", "-key", folder["root.key"], "-subj", "/CN=offline root", "-days", "3650", "-out", folder["root.pem"],
            "-addext", "keyUsage=critical,keyCertSign");
        await SignAsync(control, folder, folder["root.pem"], folder["root.key"]);
        using (var installed = await InstallAsync(control, folder, "root.pem"))
        {
            Assert.Equal(HttpStatusCode.NoContent, installed.StatusCode);
        }

        var status = await IdentityLab.StatusAsync(control);
        Assert.Equal(("CN=offline root", false, 1), (status.Root!.Subject, status.RootKeyPresent, status.Anchors.Count));
        Assert.NotEqual(before.Issuing, status.Issuing);
        Assert.Equal(["issuing.pem", "root.pem"], Directory.GetFiles(control.Folder["state/ca"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(["ca"], Directory.GetDirectories(control.Folder["state"]).Select(Path.GetFileName));
        var plain = new Uri($"http://{control.Plane.XdsEndPoint}");
        var token = await IdentityLab.TokenAsync(control);
        var answer = await IdentityClient.CertifyAsync(plain, IdentityLab.Request(Csr.Of(IdentityLab.Web), token.Token));
        Assert.True(answer.Status == GrpcStatusCode.Ok, $"{answer}");
        folder.Write("leaf.pem", Pem(answer.Certified.Chain[0].ToByteArray()));
        folder.Write("chain.pem", Pem(answer.Certified.Chain[1].ToByteArray()));
        await OpensslAsync("verify", "-x509_strict", "-CAfile", folder["root.pem"], "-untrusted", folder["chain.pem"], folder["leaf.pem"]);

        // From now on there is somebody who trusts it: another root is refused, the same one renews.
        await OpensslAsync("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder["other.key"]);
        await OpensslAsync("req", "-x509", "-new", "-key", folder["other.key"], "-subj", "/CN=other root", "-days", "3650", "-out", folder["other.pem"]);
        await SignAsync(control, folder, folder["other.pem"], folder["other.key"]);
        var refused = await TestControl.ProblemAsync(await InstallAsync(control, folder, "other.pem"), HttpStatusCode.UnprocessableEntity);
        Assert.Contains("not the one of this mesh", refused.Detail, StringComparison.Ordinal);
        await SignAsync(control, folder, folder["root.pem"], folder["root.key"]);
        using var again = await InstallAsync(control, folder, null);
        Assert.Equal(HttpStatusCode.NoContent, again.StatusCode);
        Assert.NotEqual(status.Issuing, (await IdentityLab.StatusAsync(control)).Issuing);

        // Each request has a key of its own: what was signed for an earlier one fits no more.
        using var twice = await InstallAsync(control, folder, null);
        Assert.Equal(HttpStatusCode.NoContent, twice.StatusCode);
        using var csr = await control.Api.PostAsync("/api/v1/certificates/csr", null);
        File.WriteAllText(folder["issuing.pem"], before.Root is null ? "" : File.ReadAllText(folder["chain.pem"]));
        var foreign = await TestControl.ProblemAsync(await InstallAsync(control, folder, null), HttpStatusCode.UnprocessableEntity);
        Assert.Contains("not for the key", foreign.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARootIsTrustedThenSignsThenTheOldOneGoesAndRenewalsNeverFail()
    {
        var lab = new IdentityLab();
        await lab.InitializeAsync();
        await using var control = lab.Control;
        var old = (await IdentityLab.StatusAsync(control)).Root!;
        var holder = await lab.JoinAsync();
        lab.Time.Advance(TimeSpan.FromMinutes(1));

        var trusted = await RotateAsync(control, "none");
        Assert.Equal(("trusted", 1L), (trusted.Stage, Assert.Single(trusted.Waiting).Valid));
        var status = await IdentityLab.StatusAsync(control);
        Assert.Equal((old, 2), (status.Root, status.Anchors.Count));
        using (var early = await control.Api.PostAsync("/api/v1/certificates/rotate-root?from=trusted", null))
        {
            Assert.Contains(IdentityLab.Web, (await TestControl.ProblemAsync(early, HttpStatusCode.Conflict)).Detail, StringComparison.Ordinal);
        }

        holder = await RenewAsync(lab, holder, anchors: 2);
        lab.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("signing", (await RotateAsync(control, "trusted")).Stage);
        status = await IdentityLab.StatusAsync(control);
        Assert.NotEqual(old, status.Root);
        Assert.Equal(2, status.Anchors.Count);
        Assert.Contains(old, status.Anchors);

        // The old one is not retired before the last of its certificates is renewed.
        using (var early = await control.Api.PostAsync("/api/v1/certificates/rotate-root?from=signing", null))
        {
            await TestControl.ProblemAsync(early, HttpStatusCode.Conflict);
        }

        holder = await RenewAsync(lab, holder, anchors: 2);
        lab.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("none", (await RotateAsync(control, "signing")).Stage);
        status = await IdentityLab.StatusAsync(control);
        Assert.DoesNotContain(old, status.Anchors);
        Assert.Equal(["ca"], Directory.GetDirectories(lab.State).Select(Path.GetFileName));
        holder = await RenewAsync(lab, holder, anchors: 1);
        holder.Dispose();
    }

    [Fact]
    public async Task ARootThatSignsNothingYetIsTakenBack()
    {
        var lab = new IdentityLab();
        await lab.InitializeAsync();
        await using var control = lab.Control;
        var before = await IdentityLab.StatusAsync(control);
        await RotateAsync(control, "none");
        Assert.Equal("none", (await RotateAsync(control, "trusted", "&abort=true")).Stage);
        var after = await IdentityLab.StatusAsync(control);
        Assert.Equal((before.Root, 1), (after.Root, after.Anchors.Count));
    }

    [Fact]
    public void AnIdentityGetsManyAtOnceAndThenAFewASecond()
    {
        var time = new ManualTime();
        var rate = new IssueRate(time);
        var one = SpiffeId.Parse(IdentityLab.Web)!;
        for (var i = 0; i < IssueRate.Burst; i++)
        {
            Assert.True(rate.TryTake(one));
        }

        Assert.False(rate.TryTake(one));
        Assert.True(rate.TryTake(one with { ServiceAccount = "other" }));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(IssueRate.PerSecond, Enumerable.Range(0, 100).Count(_ => rate.TryTake(one)));
    }

    private static async Task<RotationDocument> RotateAsync(TestControl control, string from, string query = "")
    {
        using var response = await control.Api.PostAsync($"/api/v1/certificates/rotate-root?from={from}{query}", null);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return (await response.Content.ReadFromJsonAsync(ApiJson.Default.RotationDocument))!;
    }

    private static async Task<Holder> RenewAsync(IdentityLab lab, Holder holder, int anchors)
    {
        var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var answer = await IdentityClient.CertifyAsync(lab.Tls, IdentityLab.Request(Csr.Of(IdentityLab.Web, key)), holder);
        Assert.True(answer.Status == GrpcStatusCode.Ok, $"{answer}");
        Assert.Equal(anchors, Assert.Single(answer.Certified.Bundles).Anchors.Count);
        holder.Dispose();
        return IdentityLab.HolderOf(key, answer);
    }

    /// <summary>Asks for a request and signs it as an authority would.</summary>
    private static async Task SignAsync(TestControl control, TempFolder folder, string root, string key)
    {
        using var response = await control.Api.PostAsync("/api/v1/certificates/csr?by=me", null);
        folder.Write("csr.pem", (await response.Content.ReadFromJsonAsync(ApiJson.Default.CsrDocument))!.Pem);
        Assert.Contains("verify OK", (await OpensslAsync("req", "-in", folder["csr.pem"], "-noout", "-verify")), StringComparison.Ordinal);
        folder.Write("ext.cnf", "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n");
        await OpensslAsync(
            "x509", "-req", "-in", folder["csr.pem"], "-CA", root, "-CAkey", key, "-CAcreateserial", "-days", "90",
            "-extfile", folder["ext.cnf"], "-out", folder["issuing.pem"]);
    }

    private static Task<HttpResponseMessage> InstallAsync(TestControl control, TempFolder folder, string? root)
    {
        var text = File.ReadAllText(folder["issuing.pem"]) + (root is null ? "" : File.ReadAllText(folder[root]));
        return control.Api.PostAsync("/api/v1/certificates/install?by=me", new StringContent(text, Encoding.UTF8, "application/x-pem-file"));
    }

    private static async Task<string> OpensslAsync(params string[] arguments)
    {
        var result = await TestProcess.RunAsync("openssl", arguments);
        Assert.True(result.ExitCode == 0, $"openssl {string.Join(' ', arguments)}: {result}");
        return result.Output + result.Error;
    }

    private static string Pem(byte[] der) => System.Security.Cryptography.PemEncoding.WriteString("CERTIFICATE", der);
}
