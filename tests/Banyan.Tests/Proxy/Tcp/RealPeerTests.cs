using Banyan.Proxy.Snapshot;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Proxy.Tcp;

/// <summary>Programs whose protocols nobody here has written, through declared and undeclared ports.</summary>
public sealed class RealPeerTests : IDisposable
{
    private readonly TcpLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Theory]
    [InlineData(PortProtocol.Tcp)]
    [InlineData(PortProtocol.Detect)]
    public async Task RedisKeepsWhatItIsGiven(PortProtocol protocol)
    {
        var redisPort = FreePorts.Next();
        await using var redis = await StartRedisAsync(redisPort);
        var port = _lab.Listen(protocol, $"127.0.0.1:{redisPort}");
        await _lab.StartAsync();
        Assert.Equal("OK\n", (await RedisAsync(port, "SET", "colour", "green")).Output);
        Assert.Equal("green\n", (await RedisAsync(port, "GET", "colour")).Output);

        // Half a megabyte in one value, and a thousand commands before the first answer is read.
        var large = new string('x', 512 * 1024);
        using var raw = await RawConnection.ConnectAsync(port);
        await raw.SendAsync($"*3\r\n$3\r\nSET\r\n$5\r\nlarge\r\n${large.Length}\r\n{large}\r\n");
        Assert.Equal("+OK\r\n", await raw.ReadUntilAsync("\n"));
        await raw.SendAsync("GET large\r\n");
        Assert.Equal($"${large.Length}\r\n{large}\r\n", await raw.ReadExactlyAsync(large.Length + 11));
        await raw.SendAsync(string.Concat(Enumerable.Repeat("INCR n\r\n", 1000)));
        Assert.EndsWith(":1000\r\n", await raw.ReadUntilAsync(":1000\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhoIsKilledIsMissedOnTheOtherSide()
    {
        var redisPort = FreePorts.Next();
        await using var redis = await StartRedisAsync(redisPort);
        var port = _lab.Listen(PortProtocol.Tcp, $"127.0.0.1:{redisPort}");
        await _lab.StartAsync();
        await using var subscriber = TestProcess.Start("redis-cli", ["-p", $"{port}", "SUBSCRIBE", "news"]);
        await Eventually.TrueAsync(async () => await SubscribersAsync(redisPort) == "news\n1\n", "the subscriber is known");
        subscriber.Kill();
        await Eventually.TrueAsync(async () => await SubscribersAsync(redisPort) == "news\n0\n", "redis misses the subscriber");

        var client = await RawConnection.ConnectAsync(port);
        await client.SendAsync("PING\r\n");
        Assert.Equal("+PONG\r\n", await client.ReadUntilAsync("\n"));
        redis.Kill();
        await client.ExpectClosedAsync();
        client.Dispose();
        await Eventually.TrueAsync(() => _lab.Worker.InFlight == 0, "nothing is relayed any more");
    }

    [Theory]
    [InlineData(PortProtocol.Tcp)]
    [InlineData(PortProtocol.Detect)]
    public async Task PostgresAnswersQueries(PortProtocol protocol)
    {
        await using var postgres = await new Postgres().StartAsync();
        var port = _lab.Listen(protocol, $"127.0.0.1:{postgres.Port}");
        await _lab.StartAsync();
        var made = await Postgres.QueryAsync(port, "create table t as select generate_series(1, 20000) as n");
        Assert.True(made.ExitCode == 0, made.ToString());
        Assert.Equal("200010000\n", (await Postgres.QueryAsync(port, "select sum(n) from t")).Output);
        var rows = (await Postgres.QueryAsync(port, "select n from t order by n")).Output;
        Assert.Equal(string.Concat(Enumerable.Range(1, 20000).Select(n => $"{n}\n")), rows);
        if (protocol == PortProtocol.Detect)
        {
            Assert.Equal(3, _lab.Metric("banyan_undeclared_port_connections_total", "detected=\"tcp\""));
        }
    }

    private static async Task<TestProcess> StartRedisAsync(int port)
    {
        var redis = TestProcess.Start(
            "redis-server",
            ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            folder: "/tmp");
        await Eventually.TrueAsync(() => redis.Output.Contains("Ready to accept", StringComparison.Ordinal), "redis is ready");
        return redis;
    }

    private static Task<ProcessResult> RedisAsync(int port, params string[] command) =>
        TestProcess.RunAsync("redis-cli", ["-p", $"{port}", .. command]);

    private static async Task<string> SubscribersAsync(int port) => (await RedisAsync(port, "PUBSUB", "NUMSUB", "news")).Output;
}
