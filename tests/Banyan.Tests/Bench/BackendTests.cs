using System.Net;
using Banyan.Bench.Load;
using Xunit;

namespace Banyan.Tests.Bench;

/// <summary>The backend of the measurements, as the clients of the base class library see it.</summary>
public sealed class BackendTests
{
    private const int Body = 131;

    /// <summary>The rest of the tests run beside this.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(nameof(Protocol.Http1))]
    [InlineData(nameof(Protocol.Http2))]
    [InlineData(nameof(Protocol.Grpc))]
    [InlineData(nameof(Protocol.Tcp))]
    public async Task AnAnswerIsWhole(string protocol)
    {
        await using var backend = await RunningBackend.StartAsync(Load(protocol));
        Assert.Null(Probe.Fault(backend.Url, Load(protocol), Patience));
    }

    /// <summary>More than the sockets hold, so that the backend has to stop reading for a while.</summary>
    [Fact]
    public async Task AsManyBytesComeBackAsWereSent()
    {
        var load = Load(nameof(Protocol.Tcp)) with { Body = 20_000_000 };
        await using var backend = await RunningBackend.StartAsync(load);
        Assert.Null(Probe.Fault(backend.Url, load, Patience));
    }

    [Fact]
    public async Task AnEmptyMessageAsksForAStream()
    {
        var load = Load(nameof(Protocol.Grpc)) with { Messages = GrpcMessage.Streamed };
        await using var backend = await RunningBackend.StartAsync(load);
        Assert.Null(Probe.Fault(backend.Url, load, Patience));
        Assert.NotNull(Probe.Fault(backend.Url, load with { Messages = 1 + GrpcMessage.Streamed }));
        Assert.Null(Probe.Fault(backend.Url, Load(nameof(Protocol.Grpc)), Patience));
    }

    [Theory]
    [InlineData(nameof(Protocol.Http2), nameof(Protocol.Http1))]
    [InlineData(nameof(Protocol.Http2), nameof(Protocol.Grpc))]
    [InlineData(nameof(Protocol.Http1), nameof(Protocol.Http2))]
    public async Task AnAnswerToSomethingElseIsNone(string served, string asked)
    {
        await using var backend = await RunningBackend.StartAsync(Load(served));
        Assert.NotNull(Probe.Fault(backend.Url, Load(asked)));
    }

    /// <summary>The requests have more bytes than the window that a connection begins with.</summary>
    [Theory]
    [InlineData(nameof(Protocol.Http2))]
    [InlineData(nameof(Protocol.Grpc))]
    public async Task AConnectionOutlivesItsWindow(string protocol)
    {
        var load = Load(protocol);
        await using var backend = await RunningBackend.StartAsync(load);
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        var answers = await Task.WhenAll(Enumerable.Range(0, 2000).Select(_ => AskAsync(client, backend.Url, load)));
        Assert.All(answers, bytes => Assert.Equal(load.AnswerBytes, bytes));
    }

    /// <summary>Of what is sent before the client opens its window no more arrives than fits.</summary>
    [Fact]
    public async Task AFullWindowHoldsAnswersBack()
    {
        const int window = 65_535, ping = 6, windowUpdate = 8;
        await using var backend = await RunningBackend.StartAsync(Load(nameof(Protocol.Http2)));
        await using var client = await RawFrames.ConnectAsync(backend.Port);
        for (var stream = 1; stream < 2 * ((window / Body) + 3); stream += 2)
        {
            await client.SendAsync(type: 1, flags: 5, stream, [0x82]);
        }

        await client.SendAsync(ping, flags: 0, stream: 0, new byte[8]);
        Assert.Equal(window / Body, await client.CountAnswersAsync(until: ping));
        await client.SendAsync(windowUpdate, flags: 0, stream: 0, [0, 0, 0, Body]);
        await client.SendAsync(ping, flags: 0, stream: 0, new byte[8]);
        Assert.Equal(1, await client.CountAnswersAsync(until: ping));
    }

    private static async Task<int> AskAsync(HttpClient client, string url, LoadShape load)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url + load.Path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(GrpcMessage.OfSize(load.Body)),
        };
        using var response = await client.SendAsync(request);
        return (await response.Content.ReadAsByteArrayAsync()).Length;
    }

    private static LoadShape Load(string protocol) => new(Enum.Parse<Protocol>(protocol), Connections: 1, Streams: 1, Body);
}
