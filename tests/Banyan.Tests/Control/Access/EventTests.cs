using System.Net;
using System.Text.Json;
using Banyan.Control.Api;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Control.Access;

public sealed class EventTests
{
    [Fact]
    public async Task ChangesAreToldInOrderAsTheyAreMade()
    {
        await using var control = await TestControl.StartAsync();
        await using var events = await Listener.StartAsync(control);
        await control.AppliedAsync(Texts.Service("a"), "&reason=why");
        await control.AppliedAsync(Texts.Service("b"));
        var first = await events.NextAsync();
        Assert.Equal((1, "apply", "why", "a"), (first.Revision, first.Verb, first.Reason, first.Changes.Single().Name));
        Assert.Equal(2, (await events.NextAsync()).Revision);
        control.Write("mesh.yaml", Texts.Service("f"));
        Assert.Equal("files", (await events.NextAsync()).Verb);
    }

    [Theory]
    [InlineData("", "1")]
    [InlineData("?after=1", null)]
    public async Task WhoComesBackMissesNothing(string query, string? last)
    {
        await using var control = await TestControl.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await control.AppliedAsync(Texts.Service($"a{i}"));
        }

        await using var events = await Listener.StartAsync(control, query, last);
        for (var revision = 2; revision <= 5; revision++)
        {
            Assert.Equal(revision, (await events.NextAsync()).Revision);
        }

        await control.AppliedAsync(Texts.Service("z"));
        Assert.Equal(6, (await events.NextAsync()).Revision);
    }

    [Fact]
    public async Task NoMoreThanSoManyListen()
    {
        await using var control = await TestControl.StartAsync();
        var all = new List<Listener>();
        for (var i = 0; i < 64; i++)
        {
            all.Add(await Listener.StartAsync(control));
        }

        using var refused = await control.Api.GetAsync("/api/v1/events", HttpCompletionOption.ResponseHeadersRead);
        await TestControl.ProblemAsync(refused, HttpStatusCode.TooManyRequests);
        await all[0].DisposeAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                using var response = await control.Api.GetAsync("/api/v1/events", HttpCompletionOption.ResponseHeadersRead);
                return response.StatusCode == HttpStatusCode.OK;
            },
            "room for another");
        foreach (var listener in all)
        {
            await listener.DisposeAsync();
        }
    }

    [Fact]
    public async Task AWrongNumberIsRefused()
    {
        await using var control = await TestControl.StartAsync();
        using var refused = await control.Api.GetAsync("/api/v1/events?after=x");
        var problem = await TestControl.ProblemAsync(refused, HttpStatusCode.BadRequest);
        Assert.Equal("after", Assert.Single(problem.Problems!).Field);
    }

    private sealed class Listener(HttpResponseMessage response, StreamReader reader) : IAsyncDisposable
    {
        public static async Task<Listener> StartAsync(TestControl control, string query = "", string? last = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events" + query);
            if (last is not null)
            {
                request.Headers.Add("Last-Event-ID", last);
            }

            var response = await control.Api.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
            return new Listener(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
        }

        public async Task<HistoryEntry> NextAsync()
        {
            var id = 0L;
            while (true)
            {
                var line = await Eventually.WithinAsync(reader.ReadLineAsync(), "a line");
                if (line!.StartsWith("id: ", StringComparison.Ordinal))
                {
                    id = long.Parse(line.AsSpan(4));
                }
                else if (line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    var entry = JsonSerializer.Deserialize(line[6..], ApiJson.Default.HistoryEntry)!;
                    Assert.Equal(id, entry.Revision);
                    return entry;
                }
            }
        }

        public ValueTask DisposeAsync()
        {
            reader.Dispose();
            response.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
