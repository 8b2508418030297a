using System.Net;
using System.Net.Http.Json;
using Banyan.Control.Api;
using Banyan.Control.Identity;
using Banyan.Model;
using Banyan.Testing;
using Banyan.Tests.Proxy;
using Banyan.Xds.Grpc;
using Xunit;

namespace Banyan.Tests.Control.Identity;

/// <summary>The steps from one root to the next: each whole, each once, each proved.</summary>
public sealed class RotationTests
{
    private const string Bundle = "spiffe://banyan.local";
    private const string Node = "default/web-v1/0";

    private static readonly TimeSpan RootLife = TimeSpan.FromDays(10);
    private static readonly TimeSpan IssuingLife = TimeSpan.FromDays(5);

    [Fact]
    public async Task OfManyWhoOrderTheSameStepOneHasIt()
    {
        var lab = new IdentityLab();
        await lab.InitializeAsync();
        await using var control = lab.Control;
        foreach (var (from, to) in ((string, string)[])[("none", "trusted"), ("trusted", "signing"), ("signing", "none")])
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => OrderAsync(control, $"?from={from}")));
            Assert.Equal(7, answers.Count(each => each.StatusCode == HttpStatusCode.Conflict));
            Assert.Equal(to, await StageAsync(Assert.Single(answers, each => each.IsSuccessStatusCode)));
            Array.ForEach(answers, each => each.Dispose());
        }
    }

    /// <summary>The one who looked first may find another rotation at the same stage.</summary>
    [Fact]
    public void AStepIsThatOfTheRotationThatWasSeen()
    {
        using var folder = new TempFolder("ca");
        var time = new ManualTime();
        var authority = Made(folder, time);
        Advance(authority, time);
        var seen = authority.Rotation;
        authority.Abort();
        time.Advance(TimeSpan.FromMinutes(1));
        Advance(authority, time);
        Assert.Equal(seen.Stage, authority.Rotation.Stage);
        var error = Assert.Throws<CaException>(() => authority.Advance(seen.Stage, seen.Begun, time, RootLife, IssuingLife));
        Assert.Contains("meanwhile", error.Message, StringComparison.Ordinal);
        Assert.Equal(RotationStage.Trusted, authority.Rotation.Stage);
    }

    public static TheoryData<string, string, int> Kills => new()
    {
        { "trust: half of the next root is written", "None", 1 },
        { "trust: the next root is there, and no anchor yet", "Trusted", 2 },
        { "abort: the next root is away, and an anchor still", "None", 1 },
        { "sign: the anchors of the next are written", "Trusted", 2 },
        { "sign: the old one is away, the next one not there", "Signing", 2 },
        { "retire: the old one is away, and an anchor still", "None", 1 },
        { "retire: half of the old one is removed", "None", 1 },
    };

    [Theory]
    [MemberData(nameof(Kills))]
    public void AKillWithinAStepIsMadeGoodForAtTheNextStart(string where, string stage, int anchors)
    {
        using var folder = new TempFolder("ca");
        var time = new ManualTime();
        var authority = Made(folder, time);
        var first = authority.Material!.Root.Thumbprint;
        if (where.StartsWith("trust", StringComparison.Ordinal))
        {
            Advance(authority, time);
            File.Delete(folder["ca/anchors.pem"]);
            if (where.Contains("half", StringComparison.Ordinal))
            {
                Directory.Move(folder["ca.next"], folder["ca.making"]);
                File.Delete(folder["ca.making/issuing.pem"]);
            }
        }
        else if (where.StartsWith("abort", StringComparison.Ordinal))
        {
            Advance(authority, time);
            Directory.Move(folder["ca.next"], folder["ca.leaving"]);
        }
        else if (where.StartsWith("sign", StringComparison.Ordinal))
        {
            Advance(authority, time);
            File.Copy(folder["ca/root.pem"], folder["ca.next/anchors.pem"]);
            File.WriteAllText(folder["ca.next/since.txt"], "2031-01-01T00:00:00Z");
            if (where.Contains("away", StringComparison.Ordinal))
            {
                Directory.Move(folder["ca"], folder["ca.previous"]);
            }
        }
        else
        {
            Advance(authority, time);
            Advance(authority, time);
            Directory.Move(folder["ca.previous"], folder["ca.leaving"]);
            if (where.Contains("half", StringComparison.Ordinal))
            {
                File.Delete(folder["ca.leaving/root.pem"]);
            }
        }

        var again = CertificateAuthority.Open(folder.Path);
        Assert.False(again.Prepare(time.GetUtcNow(), RootLife, IssuingLife));
        again.Admit(isOurs: true);
        Assert.Equal((stage, anchors), ($"{again.Rotation.Stage}", again.Material!.Anchors.Count));
        Assert.Equal(stage == "None", again.Rotation.Begun is null);
        var isOld = stage == "Trusted" || !where.StartsWith("sign", StringComparison.Ordinal) && !where.StartsWith("retire", StringComparison.Ordinal);
        Assert.Equal(isOld, again.Material.Root.Thumbprint == first);
        string[] folders = stage switch { "Trusted" => ["ca", "ca.next"], "Signing" => ["ca", "ca.previous"], _ => ["ca"] };
        Assert.Equal(folders, Directory.GetDirectories(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));

        // And it goes on from there, to the end.
        do
        {
            Advance(again, time);
        }
        while (again.Rotation.Stage != RotationStage.None);
        Assert.Single(again.Material!.Anchors);
    }

    /// <summary>What the disk interrupts is finished before the next step.</summary>
    [Fact]
    public void AStepThatFailsMayBeOrderedAgain()
    {
        using var folder = new TempFolder("ca");
        var time = new ManualTime();
        var authority = Made(folder, time);

        // A folder where a file is to be written.
        Directory.CreateDirectory(folder["ca/anchors.pem.new"]);
        Assert.Throws<CaException>(() => Advance(authority, time));
        Directory.Delete(folder["ca/anchors.pem.new"]);
        var (stage, begun) = authority.Rotation;
        if (stage == RotationStage.None)
        {
            Advance(authority, time);
        }
        else
        {
            // It was decided already: the next order finds it, and says so only when it was meant to begin.
            Assert.Throws<CaException>(() => authority.Advance(RotationStage.None, null, time, RootLife, IssuingLife));
            authority.Advance(stage, begun, time, RootLife, IssuingLife);
            return;
        }

        Assert.Equal(RotationStage.Trusted, authority.Rotation.Stage);
    }

    [Fact]
    public async Task AProxyProvesThatItTrustsTheNextRootByAcknowledgingIt()
    {
        var lab = new IdentityLab();
        await lab.InitializeAsync();
        await using var control = lab.Control;
        using var holder = await lab.JoinAsync();
        var proxy = await XdsClient.ConnectAsync(lab.Tls, Node, IdentityClient.Client(holder, out _));
        proxy.Subscribe(XdsTypes.Secret, Bundle);
        await proxy.ReceiveAndAckAsync();
        lab.Time.Advance(TimeSpan.FromMinutes(1));
        using (var begun = await OrderAsync(control, "?from=none"))
        {
            Assert.Equal("trusted", await StageAsync(begun));
        }

        // It was told, and has said nothing yet; then it refuses; then it takes it.
        var told = await proxy.ReceiveAsync();
        Assert.Equal(1, await WaitingAsync(control));
        proxy.Nack(told, "not these");
        await RefusedAsync(control, "trusted");
        Assert.Equal(1, await WaitingAsync(control));

        // A newer certificate of the same identity is no word of this one.
        using var other = await lab.JoinAsync();
        Assert.Equal(1, await WaitingAsync(control));
        await using var again = await XdsClient.ConnectAsync(lab.Tls, Node, IdentityClient.Client(holder, out _));
        await proxy.DisposeAsync();
        again.Subscribe(XdsTypes.Secret, Bundle);
        await again.ReceiveAndAckAsync();
        await Eventually.GetAsync(() => WaitingAsync(control), waiting => waiting == 0, "it is proved");
        using var signing = await OrderAsync(control, "?from=trusted");
        Assert.Equal("signing", await StageAsync(signing));

        // That it trusts the next one does not give it a certificate of it.
        await RefusedAsync(control, "signing");
    }

    /// <summary>The answer with the new certificate may have been lost: as long as the old one is in use it counts.</summary>
    [Fact]
    public async Task ACertificateThatIsStillInUseIsWaitedForAlthoughItWasRenewed()
    {
        var lab = new IdentityLab();
        await lab.InitializeAsync();
        await using var control = lab.Control;
        using var holder = await lab.JoinAsync();
        var proxy = await XdsClient.ConnectAsync(lab.Tls, Node, IdentityClient.Client(holder, out _));
        proxy.Subscribe(XdsTypes.Secret, Bundle);
        await proxy.ReceiveAndAckAsync();
        lab.Time.Advance(TimeSpan.FromMinutes(1));
        using (await OrderAsync(control, "?from=none"))
        using (await OrderAsync(control, "?from=trusted&force=true"))
        {
            lab.Time.Advance(TimeSpan.FromMinutes(1));
        }

        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var lost = await IdentityClient.CertifyAsync(lab.Tls, IdentityLab.Request(Csr.Of(IdentityLab.Web, key)), holder);
        Assert.Equal(GrpcStatusCode.Ok, lost.Status);
        await RefusedAsync(control, "signing");
        await proxy.DisposeAsync();
        await Eventually.GetAsync(() => WaitingAsync(control), waiting => waiting == 0, "the old one is not in use any more");
        using var retired = await OrderAsync(control, "?from=signing");
        Assert.Equal("none", await StageAsync(retired));
    }

    /// <summary>Signed by what was in use before, but recorded after the stage began.</summary>
    [Fact]
    public void AStageBeginsWhenItsAnchorsAreInUse()
    {
        using var folder = new TempFolder("ca");
        var time = new SteppingTime();
        var authority = Made(folder, new ManualTime());
        authority.Advance(RotationStage.None, null, time, RootLife, IssuingLife);

        // The first look is when the step begins, the second when it is done.
        Assert.Equal(SteppingTime.Start + (2 * SteppingTime.Step), authority.Rotation.Begun);
    }

    [Fact]
    public async Task WhomToTrustIsEncodedOnce()
    {
        var lab = new IdentityLab();
        await lab.InitializeAsync();
        await using var control = lab.Control;
        var authority = CertificateAuthority.Open(lab.State);
        authority.Prepare(lab.Time.GetUtcNow(), RootLife, IssuingLife);
        authority.Admit(isOurs: true);
        var first = authority.Material!.Bundle("banyan.local");
        Assert.Same(first, authority.Material.Bundle("banyan.local"));
        Assert.NotEqual(first.Name, authority.Material.Bundle("elsewhere.test").Name);
    }

    private static CertificateAuthority Made(TempFolder folder, TimeProvider time)
    {
        var authority = CertificateAuthority.Open(folder.Path);
        authority.Prepare(time.GetUtcNow(), RootLife, IssuingLife);
        authority.Admit(isOurs: true);
        return authority;
    }

    private static void Advance(CertificateAuthority authority, TimeProvider time)
    {
        var (stage, begun) = authority.Rotation;
        authority.Advance(stage, begun, time, RootLife, IssuingLife);
    }

    private static Task<HttpResponseMessage> OrderAsync(TestControl control, string query) =>
        control.Api.PostAsync("/api/v1/certificates/rotate-root" + query, null);

    private static async Task<string> StageAsync(HttpResponseMessage response)
    {
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return (await response.Content.ReadFromJsonAsync(ApiJson.Default.RotationDocument))!.Stage;
    }

    private static async Task<long> WaitingAsync(TestControl control) =>
        (await control.Api.GetFromJsonAsync("/api/v1/certificates/rotation", ApiJson.Default.RotationDocument))!
            .Waiting.Sum(each => each.Valid);

    private static async Task RefusedAsync(TestControl control, string from)
    {
        using var early = await OrderAsync(control, $"?from={from}");
        var problem = await TestControl.ProblemAsync(early, HttpStatusCode.Conflict);
        Assert.Contains(IdentityLab.Web, problem.Detail, StringComparison.Ordinal);
    }

    /// <summary>Each look at the clock is a moment later.</summary>
    private sealed class SteppingTime : TimeProvider
    {
        public static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

        public static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

        private DateTimeOffset _now = Start;

        public override DateTimeOffset GetUtcNow() => _now += Step;
    }
}
