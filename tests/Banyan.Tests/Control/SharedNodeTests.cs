using Banyan.Control.Api;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Control;

/// <summary>Several clients that say the same name: libraries open a stream for each channel, or a file is copied.</summary>
public sealed class SharedNodeTests
{
    private const string Node = "default/client/0";

    [Fact]
    public async Task StatusCountsThemAndJudgesThemTogether()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one")));
        var first = await control.XdsAsync(Node);
        first.Subscribe(Texts.Endpoint, "one.default:80");
        var unanswered = await first.ReceiveAsync();
        await using var second = await control.XdsAsync(Node);
        second.Subscribe(Texts.Endpoint, "one.default:80");
        await second.ReceiveAndAckAsync();
        await AwaitAsync(control, proxy => proxy is { Streams: 2, Connected: true, Synced: false } && proxy.Acked["endpoint"].Version.Length > 0);

        // It is the first one that refuses, and the second one that has all.
        first.Nack(unanswered, "one.default:80 is not to my taste");
        await AwaitAsync(control, proxy => proxy is { Streams: 2, Synced: true, LastNack.Resource: "one.default:80" });
        await first.DisposeAsync();
        await AwaitAsync(control, proxy => proxy is { Streams: 1, Connected: true, Synced: true, LastNack: null });
    }

    private static Task<StatusDocument> AwaitAsync(TestControl control, Func<ProxyStatus, bool> condition) =>
        control.StatusAsync(status => status.Proxies.Any(proxy => proxy.Node == Node && condition(proxy)), "the proxy is so");
}
