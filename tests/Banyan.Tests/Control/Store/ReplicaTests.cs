using System.Net;
using System.Net.Http.Json;
using Banyan.Control.Api;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Control.Store;

/// <summary>Control planes that share a database.</summary>
public sealed class ReplicaTests(PostgresServer server) : IClassFixture<PostgresServer>
{
    [Fact]
    public async Task EachSeesWhatTheOtherWrites()
    {
        await using var pair = await PairAsync();
        await pair.One.AppliedAsync(Texts.Service("a"));
        await pair.Two.StatusAsync(status => status.Revision == 1, "two has it");
        Assert.Equal((80, "api"), await OwnershipTests.PortAsync(pair.Two, "a"));
        await pair.Two.AppliedAsync(Texts.Service("a", 81));
        await pair.One.StatusAsync(status => status.Revision == 2, "one has it");
        Assert.Equal((81, "api"), await OwnershipTests.PortAsync(pair.One, "a"));
        Assert.Equal(await OwnershipTests.MetadataAsync(pair.One, "a"), await OwnershipTests.MetadataAsync(pair.Two, "a"));
        using var deleted = await pair.One.Api.DeleteAsync("/api/v1/resources/service/default/a");
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        await pair.Two.StatusAsync(status => status.Objects == 0, "gone from two");

        await pair.One.RegisterAsync(Texts.Instance("one-v1", "one", 20400));
        await Eventually.GetAsync(
            () => pair.Two.Api.GetStringAsync("/api/v1/instances"), text => text.Contains("one-v1", StringComparison.Ordinal), "two has the instance");
        using var gone = await pair.Two.Api.DeleteAsync("/api/v1/instances/default/one-v1/0");
        await Eventually.GetAsync(
            () => pair.One.Api.GetStringAsync("/api/v1/instances"), text => text == """{"items":[]}""", "and one lost it");
    }

    [Fact]
    public async Task WritesThatMeetAreDoneOneAfterAnother()
    {
        const int Each = 20;
        await using var pair = await PairAsync();
        await Task.WhenAll(WriteAsync(pair.One, "a"), WriteAsync(pair.Two, "b"));
        var status = await pair.One.StatusAsync(each => each.Objects == 2 * Each, "all is there");
        Assert.Equal(2 * Each, status.Revision);
        await pair.Two.StatusAsync(each => each.Objects == 2 * Each, "all is there");
        var history = (await pair.One.Api.GetFromJsonAsync("/api/v1/history?limit=100", ApiJson.Default.HistoryDocument))!;
        Assert.Equal(Enumerable.Range(1, 2 * Each).Reverse().Select(number => (long)number), history.Items.Select(item => item.Revision));
        Assert.All(history.Items, item => Assert.Equal("created", item.Changes.Single().Action));

        static async Task WriteAsync(TestControl control, string name)
        {
            for (var i = 0; i < Each; i++)
            {
                await control.AppliedAsync(Texts.Service($"{name}{i}"));
            }
        }
    }

    [Fact]
    public async Task FilesThatBothWatchCountOnceAndThoseOfOneServeBoth()
    {
        using var shared = new TempFolder("shared");
        var file = shared.Write("mesh.yaml", Texts.Workload("one"));
        var own = shared.Write("own/own.yaml", Texts.Workload("two"));
        await using var pair = await PairAsync([file, own], [file]);
        await pair.Two.StatusAsync(status => status.Objects == 2, "two serves both");
        var revision = (await pair.One.StatusAsync()).Revision;
        shared.Write("mesh.yaml", Texts.Workload("one", "10.0.0.2"));
        await pair.One.StatusAsync(status => status.Revision > revision, "one took it up");
        await pair.Two.StatusAsync(status => status.Revision > revision, "two took it up");
        shared.Write("own/own.yaml", Texts.Workload("two", "10.0.0.2"));
        await pair.Two.StatusAsync(status => status.Revision == revision + 2, "counted once");
        Assert.Equal(revision + 2, (await pair.One.StatusAsync()).Revision);
        await using var client = await pair.Two.XdsAsync();
        client.Subscribe(Texts.Endpoint, "two.default:80");
        Assert.Contains("10.0.0.2", $"{(await client.ReceiveAsync()).Resources[0].Resource_.Unpack<Banyan.Xds.ClusterLoadAssignment>()}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutTheDatabaseWhatIsKnownIsServedAndItComesBack()
    {
        var own = new PostgresServer();
        await own.InitializeAsync();
        try
        {
            var name = PostgresServer.NewName();
            await own.CreateAsync(name);
            await using var control = await TestControl.StartOnAsync(own.Address(name));
            await control.AppliedAsync(Texts.Workload("a"));
            await own.StopAsync();
            using (var refused = await control.ApplyAsync(Texts.Workload("b")))
            {
                var problem = await TestControl.ProblemAsync(refused, HttpStatusCode.ServiceUnavailable);
                Assert.StartsWith("nothing was stored: postgres://", problem.Detail, StringComparison.Ordinal);
            }

            Assert.Equal(1, (await control.StatusAsync()).Objects);
            await using (var client = await control.XdsAsync())
            {
                client.Subscribe(Texts.Cluster, "a.default:80");
                Assert.Single((await client.ReceiveAsync()).Resources);
            }

            control.Write("mesh.yaml", Texts.Workload("f"));
            var status = await control.StatusAsync(each => each.Objects == 2, "the file is in effect");
            Assert.NotNull(status.Store!.Problem);
            await own.RestartAsync();
            await control.StatusAsync(each => each.Store!.Problem is null, "stored");
            Assert.Contains("f-v1", await own.QueryAsync(name, "SELECT name FROM objects"), StringComparison.Ordinal);
            await Eventually.TrueAsync(
                async () => (await control.ApplyAsync(Texts.Workload("b"))).IsSuccessStatusCode, "writes are taken again");
        }
        finally
        {
            await own.DisposeAsync();
        }
    }

    [Fact]
    public async Task OneLeadsAndTheOtherFollowsIt()
    {
        var name = PostgresServer.NewName();
        await server.CreateAsync(name);
        await using var one = await TestControl.StartOnAsync(server.Address(name));
        await Eventually.TrueAsync(async () => await LeadersAsync() == "1", "one leads");
        await using var two = await TestControl.StartOnAsync(server.Address(name));
        await two.AppliedAsync(Texts.Service("a"));
        Assert.Equal("1", await LeadersAsync());
        await one.Plane.StopAsync();
        await Eventually.TrueAsync(async () => await LeadersAsync() == "1", "the other leads");

        Task<string> LeadersAsync() => server.QueryAsync(
            name, "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE locktype = 'advisory' AND datname = current_database()");
    }

    private async Task<Pair> PairAsync(string[]? one = null, string[]? two = null)
    {
        var name = PostgresServer.NewName();
        await server.CreateAsync(name);
        var first = await TestControl.StartOnAsync(server.Address(name), one);
        return new Pair(first, await TestControl.StartOnAsync(server.Address(name), two));
    }

    private sealed record Pair(TestControl One, TestControl Two) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await One.DisposeAsync();
            await Two.DisposeAsync();
        }
    }
}
