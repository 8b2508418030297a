using System.Net;
using Banyan.Proxy.Background;
using Banyan.Proxy.Identity;
using Banyan.Proxy.Options;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Testing;
using Banyan.Tests.Control;
using Banyan.Tests.Control.Identity;
using Xunit;

namespace Banyan.Tests.Proxy.Identity;

/// <summary>A proxy gets its identity from the real control plane, keeps it and renews it.</summary>
public sealed class JoinTests(IdentityLab lab) : IClassFixture<IdentityLab>, IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TempFolder _folder = new();

    private string Token => _folder["token"];

    private string Kept => _folder["proxy/identity"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task JoinsByATokenAndIsServedAndStartsAgainWithoutOne()
    {
        await PutTokenAsync();
        ProxyIdentity joined;
        using (var proxy = Start(out var snapshots))
        {
            await ConnectedAsync(snapshots, proxy);
            joined = proxy.Identities.Current!;
            Assert.Equal(IdentityLab.Web, joined.Id);
            Assert.False(File.Exists(Token), "the token is used up");
            await Eventually.TrueAsync(() => proxy.Status() is { Nacks: [] }, "nothing was refused");
        }

        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path.Combine(Kept, "key.pem")));
        Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(Kept));
        Assert.Equal(["chain.pem", "key.pem", "trust.pem"], Directory.GetFiles(Kept).Select(Path.GetFileName).Order(StringComparer.Ordinal));

        using var again = Start(out var later);
        Assert.Equal(joined.Proof.Chain[0], again.Identities.Current!.Proof.Chain[0]);
        await ConnectedAsync(later, again);
    }

    [Fact]
    public async Task RenewsOverItsPresentCertificate()
    {
        await PutTokenAsync();
        using var proxy = Start(out var snapshots);
        await ConnectedAsync(snapshots, proxy);
        var first = proxy.Identities.Current!;
        await Eventually.TrueAsync(
            () =>
            {
                // Its clock stands still: what failed would not be tried again by itself.
                proxy.RenewIdentity();
                return !ReferenceEquals(proxy.Identities.Current!.Proof, first.Proof);
            },
            "there is another certificate");
        var second = proxy.Identities.Current!;
        Assert.Equal(first.Id, second.Id);
        Assert.NotEqual(first.Proof.Key, second.Proof.Key);

        // What is on disk is the new one, and it is used at once.
        await Eventually.TrueAsync(
            () => File.ReadAllText(Path.Combine(Kept, "chain.pem")) == Pem.Write(proxy.Identities.Current!.Proof.Chain),
            "the chain is on disk");
        await ConnectedAsync(snapshots, proxy);
    }

    [Fact]
    public async Task TheTokenIsNotShownToAnotherControlPlane()
    {
        var token = (await lab.TokenAsync()).Token;
        var good = token[(token.LastIndexOf('.') + 1)..];
        PutToken(token.Replace(good, new string('A', good.Length), StringComparison.Ordinal));
        var log = new LogLines();
        using (var proxy = Start(out _, log))
        {
            const string Why = "none of its anchors has the public key of the token";
            await Eventually.TrueAsync(() => log.Text.Contains(Why, StringComparison.Ordinal), "it says why it cannot join");
            Assert.Null(proxy.Identities.Current);
        }

        // Nobody has seen it: it counts still.
        Assert.True(File.Exists(Token));
        File.Delete(Token);
        PutToken(token);
        using var next = Start(out var snapshots);
        await ConnectedAsync(snapshots, next);
        Assert.DoesNotContain(token, log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InMemoryNothingIsWritten()
    {
        await PutTokenAsync();
        using var proxy = Start(out var snapshots, memory: true);
        await ConnectedAsync(snapshots, proxy);
        Assert.False(Directory.Exists(Kept));
    }

    [Fact]
    public async Task AKeyThatOthersCanReadIsRefusedWithTheMend()
    {
        await PutTokenAsync();
        using (var proxy = Start(out var snapshots))
        {
            await ConnectedAsync(snapshots, proxy);
        }

        var key = Path.Combine(Kept, "key.pem");
        File.SetUnixFileMode(key, OwnerOnly | UnixFileMode.GroupRead);
        Assert.Null(TryStart(out _, new LogLines(), memory: false, out var error));
        Assert.Contains($"chmod 600 {key}", error, StringComparison.Ordinal);
    }

    /// <summary>Whoever can put another anchor there decides whom the proxy trusts.</summary>
    [Theory]
    [InlineData("trust.pem", OwnerOnly | UnixFileMode.GroupWrite, "600")]
    [InlineData("trust.pem", OwnerOnly | UnixFileMode.OtherRead, "600")]
    [InlineData("chain.pem", OwnerOnly | UnixFileMode.OtherWrite, "600")]
    [InlineData("", OwnerOnly | UnixFileMode.UserExecute | UnixFileMode.GroupWrite, "700")]
    [InlineData("", OwnerOnly | UnixFileMode.UserExecute | UnixFileMode.OtherExecute, "700")]
    public async Task AnIdentityThatOthersCanChangeIsRefusedWithTheMend(string name, UnixFileMode mode, string mend)
    {
        await PutTokenAsync();
        using (var proxy = Start(out var snapshots))
        {
            await ConnectedAsync(snapshots, proxy);
        }

        var path = name.Length == 0 ? Kept : Path.Combine(Kept, name);
        File.SetUnixFileMode(path, mode);
        Assert.Null(TryStart(out _, new LogLines(), memory: false, out var error));
        Assert.Contains($"chmod {mend} {path}", error, StringComparison.Ordinal);
        File.SetUnixFileMode(path, OwnerOnly | (name.Length == 0 ? UnixFileMode.UserExecute : UnixFileMode.None));
        using var mended = Start(out _);
        Assert.NotNull(mended.Identities.Current);
    }

    [Fact]
    public async Task WhatAKillBetweenChainAndKeyLeavesBehindIsUsed()
    {
        await PutTokenAsync();
        using (var proxy = Start(out var snapshots))
        {
            await ConnectedAsync(snapshots, proxy);
        }

        // The next key was written, its chain replaced the old one, and then it ended.
        var key = Path.Combine(Kept, "key.pem");
        File.Move(key, Path.Combine(Kept, "key.next.pem"));
        File.WriteAllText(key, System.Security.Cryptography.PemEncoding.WriteString("PRIVATE KEY", PrivateKey.Generate()));
        File.SetUnixFileMode(key, OwnerOnly);
        using var again = Start(out _);
        Assert.Equal(IdentityLab.Web, again.Identities.Current!.Id);
        Assert.False(File.Exists(Path.Combine(Kept, "key.next.pem")));
    }

    private static Task ConnectedAsync(SnapshotHolder snapshots, Housekeeping proxy) => Eventually.GetAsync(
        () => Task.FromResult((snapshots.Current.Connected, proxy.Status()?.LastError)),
        status => status.Connected,
        "the control plane accepts the proxy");

    private async Task PutTokenAsync() => PutToken((await lab.TokenAsync()).Token);

    private void PutToken(string token)
    {
        File.WriteAllText(Token, token + "\n");
        File.SetUnixFileMode(Token, OwnerOnly);
    }

    private Housekeeping Start(out SnapshotHolder snapshots, LogLines? log = null, bool memory = false)
    {
        var proxy = TryStart(out snapshots, log ?? new LogLines(), memory, out var error);
        Assert.Equal("", error);
        return proxy!;
    }

    private Housekeeping? TryStart(out SnapshotHolder snapshots, LogLines log, bool memory, out string error)
    {
        snapshots = new SnapshotHolder();
        var options = new ProxyOptions
        {
            Node = new NodeName("default", "web-v1", 0),
            Control = [lab.Tls],
            State = _folder["proxy"],
            ServiceAccount = "web",
            JoinToken = Token,
            IdentityInMemory = memory,
        };
        return Housekeeping.Start(options, snapshots, new ProxyLog(LogLevel.Info, lab.Time), log.Take, lab.Time, out error);
    }

    private sealed class LogLines
    {
        private readonly Lock _lock = new();
        private string _text = "";

        public string Text
        {
            get
            {
                lock (_lock)
                {
                    return _text;
                }
            }
        }

        public int Take(ReadOnlySpan<byte> bytes)
        {
            lock (_lock)
            {
                _text += System.Text.Encoding.UTF8.GetString(bytes);
            }

            return bytes.Length;
        }
    }
}
