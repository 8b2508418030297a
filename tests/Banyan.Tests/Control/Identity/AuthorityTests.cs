using System.Security.Cryptography;
using System.Text;
using Banyan.Control;
using Banyan.Control.Api;
using Banyan.Control.Identity;
using Banyan.Testing;
using Banyan.Tests.Control.Store;
using Banyan.Tests.Proxy;
using Banyan.Xds.Grpc;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Banyan.Tests.Control.Identity;

/// <summary>The authority's files: made once, private, checked, renewed, never shown.</summary>
public sealed class AuthorityTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly TimeSpan RootLife = TimeSpan.FromDays(3650);
    private static readonly TimeSpan IssuingLife = TimeSpan.FromDays(90);

    private readonly TempFolder _folder = new("ca");
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ItIsMadeOnceAndItsFilesArePrivate()
    {
        var first = Made();
        var root = first.Material!.RootHash;
        Assert.Equal(["issuing.pem", "root.key", "root.pem"], Directory.GetFiles(_folder["ca"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.All(Directory.GetFiles(_folder["ca"]), file => Assert.Equal(Private, File.GetUnixFileMode(file)));
        Assert.Equal(Private | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder["ca"]));
        Assert.Equal(_time.GetUtcNow() + RootLife, Certificates.Until(first.Material.Root));
        Assert.Equal(_time.GetUtcNow() + IssuingLife, first.Material.NotAfter);
        var second = Made();
        Assert.Equal(root, second.Material!.RootHash);
        Assert.Equal(first.Material.Issuing.SerialNumber, second.Material.Issuing.SerialNumber);
    }

    [Fact]
    public void OneThatWasMadeAndNotAdmittedIsTakenUpAgain()
    {
        var first = CertificateAuthority.Open(_folder.Path);
        Assert.True(first.Prepare(_time.GetUtcNow(), RootLife, IssuingLife));
        Assert.Null(first.Material);
        var hash = first.CandidateHash;

        // The process was killed here; others may know the root by now.
        var second = CertificateAuthority.Open(_folder.Path);
        second.Prepare(_time.GetUtcNow(), RootLife, IssuingLife);
        Assert.Equal(hash, second.CandidateHash);
        File.WriteAllText(_folder["ca.draft/root.pem"], "half");
        var third = CertificateAuthority.Open(_folder.Path);
        third.Prepare(_time.GetUtcNow(), RootLife, IssuingLife);
        Assert.NotEqual(hash, third.CandidateHash);
    }

    public static TheoryData<string, string> Unusable => new()
    {
        { "root.key readable", "chmod 600" },
        { "issuing.pem readable", "chmod 600" },
        { "root.pem writable", "chmod 600" },
        { "folder writable", "chmod 700" },
        { "root.key damaged", "holds no ECDSA key" },
        { "issuing.pem damaged", "issuing.pem" },
        { "issuing.pem empty", "holds no certificate" },
        { "root.pem missing", "root.pem is missing" },
        { "issuing key missing", "there is no issuing key" },
        { "another root.key", "the key is not that of" },
        { "another issuing key", "the key is not that of" },
        { "another root.pem", "root" },
        { "a leaf as issuing certificate", "may not sign certificates" },
    };

    [Theory]
    [MemberData(nameof(Unusable))]
    public void WhatCannotBeUsedIsRefusedWithAWayOut(string what, string message)
    {
        var material = Made().Material!;
        using var other = new TempFolder("other");
        var another = Made(other.Path).Material!;
        switch (what)
        {
            case "root.key readable": Open("root.key", UnixFileMode.OtherRead); break;
            case "issuing.pem readable": Open("issuing.pem", UnixFileMode.GroupRead); break;
            case "root.pem writable": Open("root.pem", UnixFileMode.OtherWrite); break;
            case "folder writable": Open("", UnixFileMode.GroupWrite | UnixFileMode.UserExecute); break;
            case "root.key damaged": Change("root.key", text => text[..40] + "AAAA" + text[44..]); break;
            case "issuing.pem damaged": Change("issuing.pem", text => text[..100] + "!!!!" + text[104..]); break;
            case "issuing.pem empty": Change("issuing.pem", _ => ""); break;
            case "root.pem missing": File.Delete(_folder["ca/root.pem"]); break;
            case "issuing key missing": Change("issuing.pem", text => text[..text.IndexOf("-----BEGIN PRIVATE", StringComparison.Ordinal)]); break;
            case "another root.key": File.Copy(other["ca/root.key"], _folder["ca/root.key"], overwrite: true); break;
            case "another issuing key":
                Change("issuing.pem", _ => material.Issuing.ExportCertificatePem() + "\n" + another.IssuingKey.ExportPkcs8PrivateKeyPem());
                break;
            case "another root.pem":
                File.Copy(other["ca/root.pem"], _folder["ca/root.pem"], overwrite: true);
                File.Delete(_folder["ca/root.key"]);
                break;
            default:
                using (var key = CertificateMaker.NewKey())
                {
                    var leaf = CertificateMaker.Leaf(
                        material, SpiffeId.Parse(IdentityLab.Web)!, new System.Security.Cryptography.X509Certificates.PublicKey(key), _time.GetUtcNow(), RootLife);
                    Change("issuing.pem", _ => leaf.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
                }

                break;
        }

        var error = Assert.Throws<ControlPlaneException>(() => CertificateAuthority.Open(_folder.Path));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.Path, error.Message, StringComparison.Ordinal);

        void Open(string name, UnixFileMode mode) => File.SetUnixFileMode(_folder["ca/" + name], Private | mode);

        void Change(string name, Func<string, string> change) =>
            File.WriteAllText(_folder["ca/" + name], change(File.ReadAllText(_folder["ca/" + name])));
    }

    [Fact]
    public async Task AControlPlaneDoesNotStartWithAKeyThatOthersRead()
    {
        Made(_folder["state"]);
        File.SetUnixFileMode(_folder["state/ca/root.key"], Private | UnixFileMode.OtherRead);
        var error = await Assert.ThrowsAsync<ControlPlaneException>(() => TestControl.StartInAsync(_folder, []));
        Assert.Contains("can be read by others", error.Message, StringComparison.Ordinal);

        // And nothing of it is left running: the folder can be taken at once.
        File.SetUnixFileMode(_folder["state/ca/root.key"], Private);
        await using var control = await TestControl.StartInAsync(_folder, []);
        await control.ReadyAsync();
    }

    [Fact]
    public void FilesThatChangeAreTakenUpAndBadOnesLeaveTheLastGoodOnes()
    {
        var authority = Made();
        var first = authority.Material!;
        Assert.False(authority.Reload());
        File.WriteAllText(_folder["ca/issuing.pem"], "nonsense");
        Assert.False(authority.Reload());
        Assert.Same(first, authority.Material);
        Assert.Contains("issuing.pem", authority.Problem, StringComparison.Ordinal);

        // As somebody brings it: certificate and key in files of their own, the root behind the chain.
        using var key = CertificateMaker.NewKey();
        using var issuing = CertificateMaker.Issuing(key, first.Root, first.RootKey!, _time.GetUtcNow(), IssuingLife);
        new CaFolder(_folder.Path, "ca").Write("issuing.key", key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(_folder["ca/issuing.pem"], issuing.ExportCertificatePem() + "\n" + first.Root.ExportCertificatePem());
        Assert.True(authority.Reload());
        Assert.Null(authority.Problem);
        Assert.Equal(issuing.SerialNumber, authority.Material!.Issuing.SerialNumber);
        Assert.Single(authority.Material.Chain);
    }

    [Fact]
    public void TheIssuingCertificateRenewsItselfUnderItsRoot()
    {
        var authority = Made();
        var first = authority.Material!;
        _time.Advance(IssuingLife);
        authority.RenewIssuing(_time.GetUtcNow(), IssuingLife);
        var second = authority.Material!;
        Assert.Equal(first.RootHash, second.RootHash);
        Assert.NotEqual(first.Issuing.SerialNumber, second.Issuing.SerialNumber);
        Assert.NotEqual(first.Issuing.PublicKey.ExportSubjectPublicKeyInfo(), second.Issuing.PublicKey.ExportSubjectPublicKeyInfo());
        Assert.Equal(_time.GetUtcNow() + IssuingLife, second.NotAfter);
        Assert.All(Directory.GetFiles(_folder["ca"]), file => Assert.Equal(Private, File.GetUnixFileMode(file)));

        // Nothing outlives its root.
        _time.Advance(RootLife - IssuingLife - TimeSpan.FromDays(1));
        authority.RenewIssuing(_time.GetUtcNow(), IssuingLife);
        Assert.Equal(second.Root.NotAfter, authority.Material!.Issuing.NotAfter);
    }

    [Fact]
    public async Task AfterHalfOfItsLifeARunningControlPlaneRenewsItAndOldLeavesStillProve()
    {
        var lab = new IdentityLab();
        await lab.InitializeAsync();
        await using var control = lab.Control;
        var before = await IdentityLab.StatusAsync(control);
        lab.Time.Advance(TimeSpan.FromDays(45) - TimeSpan.FromHours(12));
        using var holder = await lab.JoinAsync();
        lab.Time.Advance(TimeSpan.FromHours(13));
        await Eventually.GetAsync(
            () => IdentityLab.StatusAsync(control), status => status.Issuing!.Serial != before.Issuing!.Serial, "the issuing certificate is renewed");
        var answer = await IdentityClient.CertifyAsync(lab.Tls, IdentityLab.Request(Csr.Of(IdentityLab.Web)), holder);
        Assert.True(answer.Status == GrpcStatusCode.Ok, $"{answer}");
        Assert.Equal(before.Root, (await IdentityLab.StatusAsync(control)).Root);
    }

    [Fact]
    public async Task WithItsRootOfflineItWarnsAndAtTheEndSaysSo()
    {
        var logs = new LogLines();
        using var folder = new TempFolder("identity");
        folder.Write("config/mesh.yaml", Texts.Workload("web"));
        var made = Made(folder["state"]);
        File.Delete(folder["state/ca/root.key"]);
        await using var control = await TestControl.StartInAsync(folder, [folder["config"]], time: _time, logs: logs);
        await control.ReadyAsync();
        var status = await IdentityLab.ReadyAsync(control);
        Assert.False(status.RootKeyPresent);
        Assert.DoesNotContain("renew it with", logs.Text, StringComparison.Ordinal);
        var token = await IdentityLab.TokenAsync(control, query: "&expiresIn=604800");
        _time.Advance(TimeSpan.FromDays(45));
        await Eventually.TrueAsync(() => logs.Text.Contains("renew it with", StringComparison.Ordinal), "a warning");
        _time.Advance(TimeSpan.FromDays(46));
        var answer = await IdentityClient.CertifyAsync(
            new Uri($"http://{control.Plane.XdsEndPoint}"), IdentityLab.Request(Csr.Of(IdentityLab.Web), token.Token));
        Assert.Equal(GrpcStatusCode.FailedPrecondition, answer.Status);
        Assert.Contains("banyan certs csr", answer.Message, StringComparison.Ordinal);
        Assert.Equal("expired", (await IdentityLab.StatusAsync(control)).State);
        Assert.Equal(made.Material!.RootHash, status.Root!.KeyHash);
    }

    [Fact]
    public async Task ARestartKeepsRootTokensAndDenials()
    {
        var first = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("web")));
        var before = await IdentityLab.ReadyAsync(first);
        var token = await IdentityLab.TokenAsync(first);
        await using var second = await first.RestartAsync();
        var after = await IdentityLab.ReadyAsync(second);
        Assert.Equal((before.Root, before.Issuing!.Serial), (after.Root, after.Issuing!.Serial));
        var answer = await IdentityClient.CertifyAsync(
            new Uri($"http://{second.Plane.XdsEndPoint}"), IdentityLab.Request(Csr.Of(IdentityLab.Web), token.Token));
        Assert.True(answer.Status == GrpcStatusCode.Ok, $"{answer}");
    }

    [Fact]
    public async Task NothingSecretIsInLogsAnswersOrTheDatabase()
    {
        var logs = new LogLines();
        using var folder = new TempFolder("identity");
        folder.Write("config/mesh.yaml", Texts.Workload("web"));
        var control = await TestControl.StartInAsync(folder, [folder["config"]], logs: logs);
        List<string> secrets = [];
        List<string> shown = [];
        await using (control)
        {
            await control.ReadyAsync();
            await IdentityLab.ReadyAsync(control);
            var plain = new Uri($"http://{control.Plane.XdsEndPoint}");
            var used = await IdentityLab.TokenAsync(control);
            var other = await IdentityLab.TokenAsync(control);
            secrets.AddRange([used.Token.Split('.')[2], other.Token.Split('.')[2]]);
            var request = IdentityLab.Request(Csr.Of(IdentityLab.Web), used.Token);
            foreach (var each in new[]
            {
                request, request, IdentityLab.Request(Csr.Tampered(IdentityLab.Web), other.Token),
                IdentityLab.Request(Csr.Of(IdentityLab.Web), other.Token[..^1]),
            })
            {
                shown.Add($"{await IdentityClient.CertifyAsync(plain, each)}");
            }

            foreach (var path in new[] { "audit", "certificates", "certificates/issued", "tokens", "status", "history" })
            {
                shown.Add(await control.Api.GetStringAsync("/api/v1/" + path));
            }
        }

        foreach (var file in new[] { "root.key", "issuing.pem" })
        {
            var text = File.ReadAllText(folder["state/ca/" + file]);
            var begin = text.IndexOf("-----BEGIN PRIVATE KEY-----", StringComparison.Ordinal);
            secrets.AddRange(text[begin..].Split('\n')[1..3]);
        }

        shown.Add(logs.Text);
        Assert.Contains("issued to " + IdentityLab.Web, logs.Text, StringComparison.Ordinal);
        Assert.Contains("No certificate issued", logs.Text, StringComparison.Ordinal);
        foreach (var file in Directory.GetFiles(folder["state"], "*", SearchOption.AllDirectories))
        {
            if (Path.GetFileName(Path.GetDirectoryName(file)) != "ca")
            {
                shown.Add(Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file)));
            }
        }

        Assert.All(secrets, secret => Assert.True(secret.Length >= 40, secret));
        Assert.All(shown, text => Assert.All(secrets, secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal)));
    }

    private CertificateAuthority Made(string? state = null)
    {
        state ??= _folder.Path;
        Directory.CreateDirectory(state);
        var authority = CertificateAuthority.Open(state);
        authority.Prepare(_time.GetUtcNow(), RootLife, IssuingLife);
        authority.Admit(isOurs: true);
        return authority;
    }
}
