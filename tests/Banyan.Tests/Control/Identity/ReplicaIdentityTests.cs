using Banyan.Control.Identity;
using Banyan.Testing;
using Banyan.Tests.Control.Store;
using Banyan.Xds.Grpc;
using Xunit;

namespace Banyan.Tests.Control.Identity;

/// <summary>Control planes that share a database are one authority.</summary>
public sealed class ReplicaIdentityTests(PostgresServer server) : IClassFixture<PostgresServer>
{
    [Fact]
    public async Task OneTokenCountsOnceWhicheverIsAsked()
    {
        var name = PostgresServer.NewName();
        await server.CreateAsync(name);
        await using var one = await StartAsync(name, null);
        await IdentityLab.ReadyAsync(one);
        await using var two = await StartAsync(name, one);
        await IdentityLab.ReadyAsync(two);
        await one.AppliedAsync(Texts.Workload("web"));
        await two.StatusAsync(status => status.Objects == 1, "two has the workload");
        for (var round = 0; round < 5; round++)
        {
            var token = await IdentityLab.TokenAsync(round % 2 == 0 ? one : two);
            var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => IdentityClient.CertifyAsync(
                Plain(i % 2 == 0 ? one : two), IdentityLab.Request(Csr.Of(IdentityLab.Web), token.Token))));
            Assert.Single(answers, each => each.Status == GrpcStatusCode.Ok);
            Assert.Equal(15, answers.Count(each => each.Status == GrpcStatusCode.Unauthenticated));
        }
    }

    [Fact]
    public async Task OneThatHasNotTheRootIssuesNothingAndSaysWhy()
    {
        var name = PostgresServer.NewName();
        await server.CreateAsync(name);
        await using var one = await StartAsync(name, null);
        await IdentityLab.ReadyAsync(one);
        await one.AppliedAsync(Texts.Workload("web"));
        var token = await IdentityLab.TokenAsync(one);
        await using var two = await StartAsync(name, null);
        var status = await Eventually.GetAsync(
            () => IdentityLab.StatusAsync(two), each => each.Problem is not null, "two says what it lacks");
        Assert.Equal("not-ready", status.State);
        Assert.Contains("another root", status.Problem, StringComparison.Ordinal);
        Assert.False(Directory.Exists(two.Folder["state/ca"]));
        var answer = await IdentityClient.CertifyAsync(Plain(two), IdentityLab.Request(Csr.Of(IdentityLab.Web), token.Token));
        Assert.Equal(GrpcStatusCode.FailedPrecondition, answer.Status);
    }

    /// <summary>Files that somebody brings while it runs are of the same root, or are not taken up.</summary>
    [Fact]
    public async Task AnotherRootIsNotTakenUpFromFilesEither()
    {
        var name = PostgresServer.NewName();
        await server.CreateAsync(name);
        await using var one = await StartAsync(name, null);
        var before = await IdentityLab.ReadyAsync(one);
        using var other = new TempFolder("other");
        var another = CertificateAuthority.Open(other.Path);
        another.Prepare(TimeProvider.System.GetUtcNow(), TimeSpan.FromDays(10), TimeSpan.FromDays(5));
        another.Admit(isOurs: true);
        Directory.Move(one.Folder["state/ca"], one.Folder["state/ca.mine"]);
        Directory.Move(other["ca"], one.Folder["state/ca"]);
        var status = await Eventually.GetAsync(
            () => IdentityLab.StatusAsync(one), each => each.Problem is not null, "it says what is wrong");
        Assert.Contains("another root", status.Problem, StringComparison.Ordinal);
        Assert.Equal(before.Root, status.Root);
    }

    private static Uri Plain(TestControl control) => new($"http://{control.Plane.XdsEndPoint}");

    /// <summary>Starts one more; with the files of another one's authority, if it is given.</summary>
    private async Task<TestControl> StartAsync(string database, TestControl? like)
    {
        var folder = new TempFolder("replica");
        if (like is not null)
        {
            Directory.CreateDirectory(folder["state/ca"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            foreach (var file in Directory.GetFiles(like.Folder["state/ca"]))
            {
                File.Copy(file, folder["state/ca/" + Path.GetFileName(file)]);
            }
        }

        var control = await TestControl.StartInAsync(folder, [], owned: folder, store: server.Address(database));
        await control.ReadyAsync();
        return control;
    }
}
