using Banyan.Cli;
using Banyan.Cli.Up;
using Banyan.Model;
using Banyan.Testing;
using Banyan.Tests.Control;
using Banyan.Tests.Control.Identity;
using Banyan.Tests.Model;
using Banyan.Tests.Proxy;
using Banyan.Xds.Grpc;
using Xunit;

namespace Banyan.Tests.Cli;

/// <summary>What a sidecar that <c>up</c> starts finds in its folder: a join token, or the identity that it had.</summary>
public sealed class SidecarIdentityTests(IdentityLab lab) : IClassFixture<IdentityLab>
{
    private const string Node = "default.web-v1.0";
    private static readonly Workload Web = Configs.Objects(Texts.Workload("web")).OfType<Workload>().Single();

    [Fact]
    public async Task WithoutAnIdentityThereIsATokenThatCounts()
    {
        var state = NewState("first");
        await PrepareAsync(state);
        var path = state.JoinToken(Node);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        var answer = await IdentityClient.CertifyAsync(
            lab.Tls, IdentityLab.Request(Csr.Of(IdentityLab.Web), (await File.ReadAllTextAsync(path)).Trim()));
        Assert.True(answer.Status == GrpcStatusCode.Ok, $"{answer}");
    }

    [Fact]
    public async Task AnIdentityThatCountsIsKept()
    {
        var state = NewState("kept");
        await GiveAsync(state, root: File.ReadAllText(Path.Combine(lab.State, "ca", "root.pem")));
        await PrepareAsync(state);
        Assert.False(File.Exists(state.JoinToken(Node)));
        Assert.True(File.Exists(Path.Combine(state.Identity(Node), "key.pem")));
    }

    [Fact]
    public async Task OneThatHasRunOutOrIsAnotherWorkloadsIsReplaced()
    {
        var state = NewState("late");
        await GiveAsync(state, root: File.ReadAllText(Path.Combine(lab.State, "ca", "root.pem")));
        await SidecarIdentity.PrepareAsync(state, Node, Web with { Spec = Web.Spec with { ServiceAccount = "other" } }, lab.Time, default);
        RequireReplaced(state);
        await GiveAsync(state, root: File.ReadAllText(Path.Combine(lab.State, "ca", "root.pem")));
        File.Delete(state.JoinToken(Node));
        var later = new ManualTime();
        later.Advance(lab.Time.GetUtcNow() - later.GetUtcNow() + TimeSpan.FromHours(25));
        await SidecarIdentity.PrepareAsync(state, Node, Web, later, default);
        RequireReplaced(state);
    }

    [Fact]
    public async Task OneOfAnotherAuthorityIsReplaced()
    {
        var state = NewState("foreign");
        await GiveAsync(state, root: File.ReadAllText(Path.Combine(lab.State, "ca", "root.pem")));
        using var holder = await lab.JoinAsync();
        File.WriteAllText(Path.Combine(state.Identity(Node), "trust.pem"), holder.Leaf.ExportCertificatePem());
        await PrepareAsync(state);
        RequireReplaced(state);
    }

    [Fact]
    public async Task OneThatWasDeniedIsReplaced()
    {
        var state = NewState("denied");
        var serial = await GiveAsync(state, root: File.ReadAllText(Path.Combine(lab.State, "ca", "root.pem")));
        using var denied = await lab.Control.Api.PostAsync($"/api/v1/certificates/{serial}/deny?by=me", null);
        Assert.True(denied.IsSuccessStatusCode);
        await PrepareAsync(state);
        RequireReplaced(state);
    }

    /// <summary>Whoever is asked for a token says no for good: nobody asks again for a quarter of a minute.</summary>
    [Fact]
    public async Task ARefusalThatStaysIsToldAtOnce()
    {
        var state = NewState("refused");
        var own = Web with { Metadata = Web.Metadata with { Namespace = "a b" } };
        var start = System.Diagnostics.Stopwatch.GetTimestamp();
        await Assert.ThrowsAnyAsync<UserException>(() => SidecarIdentity.PrepareAsync(
            state, Node, own with { Metadata = own.Metadata with { Name = "" } }, lab.Time, default));
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 10);
    }

    private static void RequireReplaced(StatePaths state)
    {
        Assert.False(Directory.Exists(state.Identity(Node)));
        Assert.True(File.Exists(state.JoinToken(Node)));
    }

    private Task PrepareAsync(StatePaths state) => SidecarIdentity.PrepareAsync(state, Node, Web, lab.Time, default);

    /// <summary>A state directory whose control plane is the laboratory's.</summary>
    private StatePaths NewState(string name)
    {
        var folder = lab.Control.Folder[name];
        var state = new StatePaths(folder);
        state.Create();
        Directory.CreateDirectory(state.Proxy(Node));
        Directory.CreateDirectory(Path.Combine(state.ControlFolder, "ca"));
        File.Copy(Path.Combine(lab.State, "ca", "root.pem"), Path.Combine(state.ControlFolder, "ca", "root.pem"));
        File.CreateSymbolicLink(state.ControlSocket, lab.Control.Plane.SocketPath);
        return state;
    }

    private async Task<string> GiveAsync(StatePaths state, string root)
    {
        using var holder = await lab.JoinAsync();
        var folder = state.Identity(Node);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "key.pem"), holder.Key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(Path.Combine(folder, "chain.pem"), holder.Leaf.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "trust.pem"), root);
        return holder.Leaf.SerialNumber;
    }
}
