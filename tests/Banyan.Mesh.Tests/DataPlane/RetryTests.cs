using System.Diagnostics;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Banyan.Xds;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Banyan.Mesh.Tests.DataPlane;

/// <summary>Retries that a route's policy allows, and those it does not.</summary>
public sealed class RetryTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";

    [Theory]
    [InlineData("GET", "")]
    [InlineData("HEAD", "")]
    [InlineData("OPTIONS", "")]
    [InlineData("TRACE", "")]
    [InlineData("DELETE", "")]
    [InlineData("PUT", "hello")]
    public async Task AnIdempotentRequestIsSentAgainOnAListedStatus(string method, string body)
    {
        await using var backend = Failing(times: 2, new Reply { Status = 503, Body = "busy" });
        await using var mesh = await Mesh(Policy(), backend);
        using var client = await mesh.ConnectAsync();
        await client.SendAsync($"{method} / HTTP/1.1\r\nHost: web\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        Assert.Equal(200, (await client.ReadResponseAsync(method == "HEAD")).Status);
        Assert.Equal(3, backend.Requests);
        Assert.All(backend.Seen, request => Assert.Equal(body, request.Body));

        // What was not passed on was complete, so its connection was kept.
        Assert.Equal(1, backend.Connections);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PATCH")]
    [InlineData("PURGE")]
    public async Task OtherMethodsAreSentOnce(string method)
    {
        await using var backend = Failing(times: 2, new Reply { Status = 503 });
        await using var mesh = await Mesh(Policy(), backend);
        using var client = await mesh.ConnectAsync();
        var response = await client.ExchangeAsync($"{method} / HTTP/1.1\r\nHost: web\r\nContent-Length: 1\r\n\r\nx");
        Assert.Equal(503, response.Status);
        Assert.Equal(1, backend.Requests);
    }

    [Fact]
    public async Task APostThatWasResetIsNotSentAgainWithAPolicyEither()
    {
        await using var backend = Failing(times: 2, new Reply { DieAfter = 0 });
        await using var mesh = await Mesh(Policy(), backend);
        using var client = await mesh.ConnectAsync();
        var response = await client.ExchangeAsync("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 1\r\n\r\nx");
        Assert.Equal("reset-before-headers", response["x-banyan-error"]);
        Assert.Equal(1, backend.Requests);
    }

    [Fact]
    public async Task AResetBeforeTheAnswerIsRetried()
    {
        await using var backend = Failing(times: 2, new Reply { DieAfter = 0 });
        await using var mesh = await Mesh(Policy(), backend);
        using var client = await mesh.ConnectAsync();
        Assert.Equal(200, (await client.ExchangeAsync(Get)).Status);
        Assert.Equal(3, backend.Requests);
    }

    [Fact]
    public async Task AnAnswerThatHasBegunIsNeverRetried()
    {
        await using var backend = Failing(times: 2, new Reply { Body = new string('x', 100), DieAfter = 60 });
        await using var mesh = await Mesh(Policy(), backend);
        using var client = await mesh.ConnectAsync();
        await client.SendAsync(Get);
        await Assert.ThrowsAnyAsync<Exception>(async () => await client.ReadResponseAsync());
        Assert.Equal(1, backend.Requests);
    }

    [Fact]
    public async Task WhenTheAttemptsAreUsedUpTheLastAnswerIsPassedOn()
    {
        await using var backend = Failing(times: 100, new Reply { Status = 503, Body = "busy" });
        await using var mesh = await Mesh(Policy(), backend);
        using var client = await mesh.ConnectAsync();
        var response = await client.ExchangeAsync(Get);
        Assert.Equal(503, response.Status);
        Assert.Equal("busy", response.Body);
        Assert.Equal(3, backend.Requests);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(404)]
    [InlineData(429)]
    public async Task AStatusThatIsNotListedIsPassedOn(int status)
    {
        await using var backend = Failing(times: 2, new Reply { Status = status });
        await using var mesh = await Mesh(Policy(), backend);
        using var client = await mesh.ConnectAsync();
        Assert.Equal(status, (await client.ExchangeAsync(Get)).Status);
        Assert.Equal(1, backend.Requests);
    }

    [Fact]
    public async Task AnotherEndpointIsPreferred()
    {
        await using var bad = Failing(times: 1_000, new Reply { Status = 503 });
        await using var good = new TestBackend();
        await using var mesh = await Mesh(Policy(), bad, good);
        using var client = await mesh.ConnectAsync();
        for (var i = 0; i < 40; i++)
        {
            Assert.Equal(200, (await client.ExchangeAsync(Get)).Status);
        }

        Assert.Equal(40, good.Requests);
    }

    [Fact]
    public async Task RetriesStopAtTheBudget()
    {
        await using var backend = Failing(times: 1_000_000, new Reply { Status = 503 });
        var policy = Policy();
        policy.RetryBackOff.BaseInterval = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(1));
        policy.RetryBackOff.MaxInterval = policy.RetryBackOff.BaseInterval;
        await using var mesh = await Mesh(policy, backend);
        const int Requests = 300;
        await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            using var client = await mesh.ConnectAsync();
            for (var i = 0; i < Requests / 10; i++)
            {
                Assert.Equal(503, (await client.ExchangeAsync(Get)).Status);
            }
        }));

        // 10 a second over a window of 10 s; a slow run may see a second window begin.
        Assert.InRange(backend.Requests - Requests, 90, 210);
    }

    [Fact]
    public async Task RetryAfterWithinASecondIsWaitedFor()
    {
        await using var backend = Failing(times: 1, new Reply { Status = 503, Fields = ["Retry-After: 1"] });
        await using var mesh = await Mesh(Policy(), backend);
        using var client = await mesh.ConnectAsync();
        var start = Stopwatch.GetTimestamp();
        Assert.Equal(200, (await client.ExchangeAsync(Get)).Status);
        Assert.True(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromSeconds(1));
    }

    [Theory]
    [InlineData("2")]
    [InlineData("Wed, 21 Oct 2065 07:28:00 GMT")]
    public async Task ALongRetryAfterIsHandedToTheCaller(string value)
    {
        await using var backend = Failing(times: 1, new Reply { Status = 503, Fields = [$"Retry-After: {value}"] });
        await using var mesh = await Mesh(Policy(), backend);
        using var client = await mesh.ConnectAsync();
        var response = await client.ExchangeAsync(Get);
        Assert.Equal(503, response.Status);
        Assert.Equal(value, response["retry-after"]);
        Assert.Equal(1, backend.Requests);
    }

    [Fact]
    public async Task AnAttemptThatTakesTooLongIsRepeated()
    {
        var hold = new TaskCompletionSource();
        await using var backend = Failing(times: 1, new Reply { Hold = hold.Task });
        var policy = Policy();
        policy.PerTryTimeout = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(100));
        await using var mesh = await Mesh(policy, backend);
        using var client = await mesh.ConnectAsync();
        Assert.Equal(200, (await client.ExchangeAsync(Get)).Status);
        Assert.Equal(2, backend.Requests);
        hold.SetResult();
    }

    [Fact]
    public async Task TheRequestTimeoutHoldsOverAllAttempts()
    {
        var hold = new TaskCompletionSource();
        await using var backend = new TestBackend(_ => new Reply { Hold = hold.Task });
        var policy = Policy();
        policy.NumRetries = 100;
        policy.PerTryTimeout = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(100));
        await using var mesh = await Mesh(policy, TimeSpan.FromMilliseconds(500), backend);
        using var client = await mesh.ConnectAsync();
        var response = await client.ExchangeAsync(Get);
        Assert.Equal(504, response.Status);
        Assert.Equal("request-timeout", response["x-banyan-error"]);
        Assert.InRange(backend.Requests, 2, 6);
        hold.SetResult();
    }

    [Fact]
    public async Task ABodyOver64KiBIsSentOnce()
    {
        await using var backend = Failing(times: 1, new Reply { Status = 503 });
        await using var mesh = await Mesh(Policy(), backend);
        using var client = await mesh.ConnectAsync();
        var body = new string('x', 200_000);
        var response = await client.ExchangeAsync($"PUT / HTTP/1.1\r\nHost: web\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        Assert.Equal(503, response.Status);
        Assert.Equal(1, backend.Requests);
    }

    /// <summary>Fails so many times, then answers.</summary>
    private static TestBackend Failing(int times, Reply failure)
    {
        var left = times;
        return new TestBackend(_ => Interlocked.Decrement(ref left) >= 0 ? failure : Reply.Ok());
    }

    private static RetryPolicy Policy() => new()
    {
        RetryOn = "connect-failure,reset,retriable-status-codes",
        RetriableStatusCodes = { 502, 503, 504 },
        NumRetries = 2,
        RetryBackOff = new RetryPolicy.Types.RetryBackOff
        {
            BaseInterval = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(25)),
            MaxInterval = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(250)),
        },
    };

    private static Task<TestMesh> Mesh(RetryPolicy policy, params TestBackend[] backends) => Mesh(policy, TimeSpan.Zero, backends);

    private static Task<TestMesh> Mesh(RetryPolicy policy, TimeSpan timeout, params TestBackend[] backends)
    {
        var route = TestMesh.Forward(new RouteMatch { Prefix = "/" }, "retried", ("web", 1));
        route.Route_.RetryPolicy = policy;
        route.Route_.Timeout = Duration.FromTimeSpan(timeout);
        return new TestMesh()
            .Cluster("web", meshed: false, [.. backends.Select(backend => backend.Address)])
            .Routes("web", route)
            .StartAsync();
    }
}
