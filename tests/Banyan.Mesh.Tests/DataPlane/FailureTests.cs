using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.DataPlane;

/// <summary>What the proxy answers itself, and what it does when somebody fails.</summary>
public sealed class FailureTests
{
    [Fact]
    public async Task AnEndpointThatRefusesIsReplacedByAnother()
    {
        await using var good = new TestBackend();
        var dead = FreePorts.NextAddress();
        await using var mesh = await new TestMesh().Service("web", dead, good.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        for (var i = 0; i < 40; i++)
        {
            Assert.Equal(200, (await client.ExchangeAsync("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 1\r\n\r\nx")).Status);
        }

        Assert.Equal(40, good.Requests);
    }

    [Fact]
    public async Task WithoutAnEndpointTheAnswerIs503()
    {
        await using var mesh = await new TestMesh().Service("web").StartAsync();
        using var client = await mesh.ConnectAsync();
        var response = await client.ExchangeAsync("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
        Assert.Equal(503, response.Status);
        Assert.Equal("no-healthy-endpoint", response["x-banyan-error"]);
        Assert.Contains("error=destination_unavailable", response["proxy-status"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnUnknownNameWithoutControlPlaneIs503WithinASecond()
    {
        await using var mesh = await new TestMesh().StartAsync();
        using var client = await mesh.ConnectAsync();
        var response = await client.ExchangeAsync("GET / HTTP/1.1\r\nHost: nobody\r\n\r\n");
        Assert.Equal(503, response.Status);
        Assert.Equal("discovery-unavailable", response["x-banyan-error"]);
    }

    [Fact]
    public async Task LocalAddressesAreNotPassed()
    {
        await using var backend = new TestBackend();
        await using var mesh = await new TestMesh().StartAsync();
        using var client = await mesh.ConnectAsync();
        var response = await client.ExchangeAsync($"GET / HTTP/1.1\r\nHost: 127.0.0.1:{backend.Port}\r\n\r\n");
        Assert.Equal(403, response.Status);
        Assert.Equal("outbound-denied", response["x-banyan-error"]);
        Assert.Equal(0, backend.Connections);
    }

    [Fact]
    public async Task TheProxyDoesNotCallItself()
    {
        await using var mesh = await new TestMesh().StartAsync();
        using var client = await mesh.ConnectAsync();
        var response = await client.ExchangeAsync($"GET / HTTP/1.1\r\nHost: 127.0.0.1:{mesh.Outbound}\r\n\r\n");
        Assert.Equal(508, response.Status);
        Assert.Equal("request-loop", response["x-banyan-error"]);
    }

    [Fact]
    public async Task OutboundDenyAnswers403()
    {
        await using var mesh = await new TestMesh().StartAsync(outboundAllowed: false);
        using var client = await mesh.ConnectAsync();
        var response = await client.ExchangeAsync("GET / HTTP/1.1\r\nHost: a.b.example.com\r\n\r\n");
        Assert.Equal(403, response.Status);
        Assert.Equal("outbound-denied", response["x-banyan-error"]);
    }

    [Fact]
    public async Task TheInboundProxyOfADeadApplicationSaysNotDelivered()
    {
        await using var mesh = new TestMesh();
        var port = mesh.Inbound("web", FreePorts.NextAddress());
        await mesh.StartAsync();
        using var client = await RawConnection.ConnectAsync(port);
        var response = await client.ExchangeAsync("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 1\r\n\r\nx");
        Assert.Equal(503, response.Status);
        Assert.Equal("not-delivered", response["x-banyan-error"]);
    }

    [Fact]
    public async Task NotDeliveredIsSentToAnotherEndpointWhateverTheMethod()
    {
        await using var good = new TestBackend();
        await using var mesh = new TestMesh();
        var dead = mesh.Inbound("dead", FreePorts.NextAddress());
        var alive = mesh.Inbound("alive", good.Address);
        await mesh.Service("web", meshed: true, $"127.0.0.1:{dead}", $"127.0.0.1:{alive}").StartAsync();
        using var client = await mesh.ConnectAsync();
        for (var i = 0; i < 40; i++)
        {
            var response = await client.ExchangeAsync("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 5\r\n\r\nhello");
            Assert.Equal(200, response.Status);
        }

        Assert.Equal(40, good.Requests);
        Assert.All(good.Seen, r => Assert.Equal("hello", r.Body));
    }

    /// <summary>An application's own 503 is no verdict on the way to it; its proxy's is.</summary>
    [Theory]
    [InlineData("x-banyan-error: reset-before-headers", true)]
    [InlineData("x-other: 1", false)]
    public async Task GatewayErrorsOfAProxyEjectTheEndpoint(string field, bool ejected)
    {
        await using var broken = new TestBackend(_ => new Reply { Status = 503, Fields = [field] });
        await using var mesh = await new TestMesh().Service("web", meshed: true, broken.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(503, (await client.ExchangeAsync("GET / HTTP/1.1\r\nHost: web\r\n\r\n")).Status);
        }

        // The last answer was on its way before what it says was noted.
        using var admin = UnixSocketClient.Create(mesh.AdminSocket);
        await Eventually.TrueAsync(
            async () => (await EndpointPage.FirstAsync(admin, "web")).GetProperty("requestsInFlight").GetInt32() == 0,
            "the exchange to end");
        Assert.Equal(ejected, (await EndpointPage.FirstAsync(admin, "web")).GetProperty("ejected").GetBoolean());
    }

    [Fact]
    public async Task APostThatWasSentIsNotSentTwice()
    {
        await using var dying = new TestBackend(_ => new Reply { DieAfter = 0 });
        await using var other = new TestBackend(_ => new Reply { DieAfter = 0 });
        await using var mesh = await new TestMesh().Service("web", dying.Address, other.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        var response = await client.ExchangeAsync("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 1\r\n\r\nx");
        Assert.Equal(503, response.Status);
        Assert.Equal("reset-before-headers", response["x-banyan-error"]);
        Assert.Equal(1, dying.Requests + other.Requests);
    }

    [Theory]
    [InlineData("HTTP/1.1 20 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx")]
    [InlineData("HTTP/1.1 200 OK\r\nBad Name: 1\r\n\r\n")]
    [InlineData("not http at all\r\n\r\n")]
    public async Task AMalformedResponseIs502AndNothingOfItIsReused(string raw)
    {
        await using var backend = new TestBackend(_ => new Reply { Raw = raw });
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        for (var i = 0; i < 2; i++)
        {
            var response = await client.ExchangeAsync("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
            Assert.Equal(502, response.Status);
            Assert.Equal("malformed-response", response["x-banyan-error"]);
        }

        Assert.Equal(2, backend.Connections);
    }

    [Fact]
    public async Task ATruncatedResponseIsNotPassedAsWhole()
    {
        await using var backend = new TestBackend(_ => new Reply { Raw = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart", Close = true });
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
        await Assert.ThrowsAnyAsync<Exception>(async () => await client.ReadResponseAsync());
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: web\r\nHost: web\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: web\r\n folded: 1\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400)]
    [InlineData("GET /a%2fb HTTP/1.1\r\nHost: web\r\n\r\n", 400)]
    public async Task AMalformedRequestReachesNobody(string raw, int status)
    {
        await using var backend = new TestBackend();
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        Assert.Equal(status, (await client.ExchangeAsync(raw)).Status);
        Assert.Equal(0, backend.Bytes);
    }

    [Fact]
    public async Task AHeadOfMoreThan64KiBIs431()
    {
        await using var backend = new TestBackend();
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        var response = await client.ExchangeAsync($"GET / HTTP/1.1\r\nHost: web\r\nX-Big: {new string('x', 70_000)}\r\n\r\n");
        Assert.Equal(431, response.Status);
        Assert.Equal(0, backend.Bytes);
    }

    [Fact]
    public async Task WeightsAreExactWithinStatistics()
    {
        await using var a = new TestBackend { Remember = false };
        await using var b = new TestBackend { Remember = false };
        await using var mesh = await new TestMesh()
            .Routes("web", TestMesh.Forward(new() { Prefix = "/" }, "split", ("a", 90), ("b", 10)))
            .Cluster("a", meshed: false, a.Address)
            .Cluster("b", meshed: false, b.Address)
            .StartAsync();
        const int Total = 10_000;
        await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            using var client = await mesh.ConnectAsync();
            for (var i = 0; i < Total / 10; i++)
            {
                await client.ExchangeAsync("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
            }
        }));
        Assert.Equal(Total, a.Requests + b.Requests);
        var chiSquare = Math.Pow(a.Requests - 9_000, 2) / 9_000 + Math.Pow(b.Requests - 1_000, 2) / 1_000;

        // One degree of freedom: 15.1 is exceeded by chance once in ten thousand runs.
        Assert.True(chiSquare < 15.1, $"{a.Requests} : {b.Requests}, chi-square {chiSquare:F1}");
    }

    [Fact]
    public async Task SigtermFinishesWhatIsInFlightAndExitsWith0()
    {
        var hold = new TaskCompletionSource();
        await using var backend = new TestBackend(_ => new Reply { Hold = hold.Task });
        await using var mesh = new TestMesh();
        var port = mesh.Inbound("web", backend.Address);
        await mesh.StartAsync();
        using var client = await RawConnection.ConnectAsync(port);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
        await Eventually.TrueAsync(() => backend.Requests == 1, "the request to arrive");
        using var kill = System.Diagnostics.Process.Start("kill", ["-TERM", $"{mesh.Proxy.Id}"]);
        await mesh.Proxy.LineAsync("draining");
        hold.SetResult();
        var response = await client.ReadResponseAsync();
        Assert.Equal(200, response.Status);
        Assert.Equal("close", response["connection"]);
        Assert.Equal(0, (await mesh.Proxy.EndAsync()).ExitCode);
    }
}
