using System.Diagnostics;
using System.Globalization;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.DataPlane;

/// <summary>Ten thousand clients that keep their connections and say nothing.</summary>
[Trait("Category", "Soak")]
public sealed class IdleConnectionTests(ITestOutputHelper output)
{
    private const int Count = 10_000;
    private const int Probes = 2_000;

    /// <summary>Bytes of the proxy's own memory for one idle connection: half of the smallest buffer.</summary>
    private const long MostBytes = 2048;

    private const string Get = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";

    [Fact]
    public async Task TheyOwnNoBufferAndDisturbNobody()
    {
        await using var backend = new TestBackend { Remember = false };
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        var idle = new List<RawConnection>(Count);
        try
        {
            using var client = await mesh.ConnectAsync();
            await MedianAsync(client);
            var alone = await MedianAsync(client);
            var before = PrivateBytes(mesh.Proxy.Id);
            for (var i = 0; i < Count; i++)
            {
                idle.Add(await mesh.ConnectAsync());
                Assert.Equal(200, (await idle[i].ExchangeAsync(Get)).Status);
            }

            var each = (PrivateBytes(mesh.Proxy.Id) - before) / Count;
            var crowded = await MedianAsync(client);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{Count} idle connections: {each} bytes each; median latency {crowded:f0} us beside them, {alone:f0} us alone"));
            Assert.InRange(each, 0, MostBytes);
            Assert.True(crowded < (3 * alone) + 500, $"{crowded} us beside the idle ones, {alone} us alone");
            foreach (var connection in idle)
            {
                Assert.Equal(200, (await connection.ExchangeAsync(Get)).Status);
            }
        }
        finally
        {
            idle.ForEach(connection => connection.Dispose());
        }
    }

    /// <summary>Median time of an exchange, microseconds.</summary>
    private static async Task<double> MedianAsync(RawConnection client)
    {
        var times = new double[Probes];
        for (var i = 0; i < Probes; i++)
        {
            var start = Stopwatch.GetTimestamp();
            Assert.Equal(200, (await client.ExchangeAsync(Get)).Status);
            times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        Array.Sort(times);
        return times[Probes / 2];
    }

    /// <summary>Anonymous memory of a process that is resident: heap and stacks, not the mapped files.</summary>
    private static long PrivateBytes(int process)
    {
        var line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/status"))
            .Single(line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
        return long.Parse(line["RssAnon:".Length..^"kB".Length], CultureInfo.InvariantCulture) * 1024;
    }
}
