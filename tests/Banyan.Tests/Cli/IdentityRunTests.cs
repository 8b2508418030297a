using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Banyan.Cli;
using Banyan.Cli.Identity;
using Banyan.Testing;
using Banyan.Tests.Control;
using Banyan.Tests.Control.Identity;
using Xunit;

namespace Banyan.Tests.Cli;

/// <summary><c>banyan identity</c> against a control plane: what it writes, renews and refuses.</summary>
public sealed class IdentityRunTests(IdentityLab lab) : IClassFixture<IdentityLab>
{
    private const UnixFileMode File600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly List<string> _told = [];

    [Fact]
    public async Task TheFirstCertificateComesByTheToken()
    {
        var token = await TokenAsync("first");
        var secret = File.ReadAllText(token).Trim();
        var files = Files("first");
        await Run(files, token).OnceAsync(default);

        Assert.Equal(["written"], _told);
        Assert.False(File.Exists(token));
        Assert.Equal(File600 | UnixFileMode.UserExecute, File.GetUnixFileMode(files.Folder));
        foreach (var path in Directory.GetFiles(files.Folder, "*.pem"))
        {
            Assert.Equal(File600, File.GetUnixFileMode(path));
            Assert.DoesNotContain(secret, File.ReadAllText(path), StringComparison.Ordinal);
        }

        Assert.Equal(3, Directory.GetFiles(files.Folder, "*.pem").Length);
        var (cert, bundle) = (Path.Combine(files.Folder, "cert.pem"), Path.Combine(files.Folder, "bundle.pem"));
        var at = $"{lab.Time.GetUtcNow().ToUnixTimeSeconds()}";
        Assert.Equal(0, await OpenSslAsync("verify", "-attime", at, "-CAfile", bundle, "-untrusted", cert, cert));
        using var leaf = X509Certificate2.CreateFromPemFile(cert, Path.Combine(files.Folder, "key.pem"));
        Assert.Equal(IdentityLab.Web, PeerJudge.IdOf(leaf));
        Assert.Contains("BEGIN PRIVATE KEY", File.ReadAllText(Path.Combine(files.Folder, "key.pem")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatHasHalfOfItsLifeLeftIsKeptAndLaterItRenewsItself()
    {
        var time = new Proxy.ManualTime();
        var files = Files("kept");
        await Run(files, await TokenAsync("kept"), time: time).OnceAsync(default);
        var first = File.ReadAllText(Path.Combine(files.Folder, "key.pem"));
        await Run(files, token: null, time: time).OnceAsync(default);
        Assert.Equal(["written", "kept"], _told);
        Assert.Equal(first, File.ReadAllText(Path.Combine(files.Folder, "key.pem")));

        // The proof is the certificate: there is no token any more.
        time.Advance(TimeSpan.FromHours(13));
        await Run(files, token: null, time: time).OnceAsync(default);
        Assert.Equal(["written", "kept", "written"], _told);
        Assert.NotEqual(first, File.ReadAllText(Path.Combine(files.Folder, "key.pem")));
    }

    [Fact]
    public async Task WhatIsNoGoodTokenIsRefusedAndStays()
    {
        var files = Files("wrong");
        var token = await TokenAsync("wrong");
        var parts = File.ReadAllText(token).Trim().Split('.');
        Write(token, $"{parts[0]}.{parts[1]}.{new string('A', parts[2].Length)}.{parts[3]}");
        var refused = await Assert.ThrowsAsync<IdentityRefusedException>(() => Run(files, token).OnceAsync(default));
        Assert.Contains("the join token is not known here", refused.Message, StringComparison.Ordinal);
        Assert.True(refused.IsFinal);
        Assert.True(File.Exists(token));
        Assert.Empty(Directory.GetFiles(files.Folder));

        Write(token, "nonsense");
        await Assert.ThrowsAsync<UserException>(() => Run(files, token).OnceAsync(default));
        File.SetUnixFileMode(token, File600 | UnixFileMode.OtherRead);
        var open = await Assert.ThrowsAsync<UserException>(() => Run(files, token).OnceAsync(default));
        Assert.Contains("chmod 600", open.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AServerOfAnotherAuthorityGetsNoTokenAndNoRenewal()
    {
        await using var other = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("web")));
        await IdentityLab.ReadyAsync(other);
        var foreign = new Uri($"https://{other.Plane.XdsTlsEndPoint}");
        var files = Files("foreign");
        var token = await TokenAsync("foreign");
        var refused = await Assert.ThrowsAsync<IdentityRefusedException>(() => Run(files, token, foreign).OnceAsync(default));
        Assert.Contains("none of its anchors has the public key of the token", refused.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(token));

        await Run(files, token).OnceAsync(default);
        var calls = new CertificateCalls(foreign, lab.Time);
        var untrusted = await Assert.ThrowsAsync<UserException>(() => calls.RenewAsync(files.Load()!, default));
        Assert.Contains("TLS failed", untrusted.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFolderThatOthersCanReadOrOfAnotherIdentityIsNotUsed()
    {
        var files = Files("open");
        await Run(files, await TokenAsync("open")).OnceAsync(default);
        var run = new IdentityRun(
            new CertificateCalls(lab.Tls, lab.Time), files, domain => $"spiffe://{domain}/ns/default/sa/other", null, lab.Time, Tell);
        Assert.Contains("not of", (await Assert.ThrowsAsync<UserException>(() => run.OnceAsync(default))).Message, StringComparison.Ordinal);
        File.SetUnixFileMode(files.Folder, File600 | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);
        var problem = await Assert.ThrowsAsync<UserException>(() => Run(files, token: null).OnceAsync(default));
        Assert.Contains("chmod 700", problem.Message, StringComparison.Ordinal);
    }

    /// <summary>Lives of 10 s: whoever reads by the folder of now sees key and certificate that belong together.</summary>
    [Fact]
    public async Task WatchingReplacesKeyAndCertificateAtOnce()
    {
        await using var control = await TestControl.StartAsync(
            ("mesh.yaml", Texts.Workload("web")),
            ("life.yaml", "apiVersion: banyan.dev/v1alpha1\nkind: Mesh\nmetadata: {name: default}\nspec: {certificates: {leafTtl: 10s}}\n"));
        await IdentityLab.ReadyAsync(control);
        var files = new IdentityFiles(control.Folder["certs"]);
        var token = control.Folder["token"];
        Write(token, (await IdentityLab.TokenAsync(control)).Token);
        using var stop = new CancellationTokenSource();
        var run = new IdentityRun(
            new CertificateCalls(new Uri($"https://{control.Plane.XdsTlsEndPoint}"), TimeProvider.System),
            files,
            domain => $"spiffe://{domain}/ns/default/sa/web",
            token,
            TimeProvider.System,
            Tell);
        List<string> problems = [];
        var watching = run.WatchAsync(problems.Add, stop.Token);
        HashSet<string> seen = [];
        await Eventually.TrueAsync(
            () =>
            {
                if (new DirectoryInfo(Path.Combine(files.Folder, "..data")).ResolveLinkTarget(returnFinalTarget: true) is { } now)
                {
                    // Throws when they do not fit.
                    using var pair = X509Certificate2.CreateFromPemFile(
                        Path.Combine(now.FullName, "cert.pem"), Path.Combine(now.FullName, "key.pem"));
                    seen.Add(pair.SerialNumber);
                }

                return Task.FromResult(seen.Count >= 3);
            },
            "the certificate was renewed twice",
            TimeSpan.FromSeconds(120));
        await stop.CancelAsync();
        await watching;
        Assert.Empty(problems);
        Assert.InRange(Directory.GetDirectories(files.Folder, "..of-*").Length, 1, 2);
    }

    private static void Write(string path, string text)
    {
        File.WriteAllText(path, text + "\n");
        File.SetUnixFileMode(path, File600);
    }

    private static async Task<int> OpenSslAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    private IdentityFiles Files(string name) => new(lab.Control.Folder["certs-" + name]);

    private async Task<string> TokenAsync(string name)
    {
        var path = lab.Control.Folder["token-" + name];
        Write(path, (await lab.TokenAsync()).Token);
        return path;
    }

    private IdentityRun Run(IdentityFiles files, string? token, Uri? control = null, TimeProvider? time = null) => new(
        new CertificateCalls(control ?? lab.Tls, time ?? lab.Time),
        files,
        domain => $"spiffe://{domain}/ns/default/sa/web",
        token,
        time ?? lab.Time,
        Tell);

    private void Tell(KeptIdentity identity, string action) => _told.Add(action);
}
