using System.Text;
using Banyan.Proxy.Background;
using Banyan.Proxy.Options;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Proxy.Xds;
using Banyan.Testing;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Xunit;
using static Banyan.Tests.Proxy.Resources;

namespace Banyan.Tests.Proxy.Xds;

/// <summary>The client over real HTTP/2 against a scripted control plane.</summary>
public sealed class ClientTests : IAsyncLifetime
{
    private const string Payments = "payments.default:80";

    private readonly TempFolder _state = new();
    private readonly StringBuilder _log = new();
    private ScriptedControl _control = null!;

    public async ValueTask InitializeAsync() => _control = await ScriptedControl.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _control.DisposeAsync();
        _state.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AWantedDestinationArrives(bool lazy)
    {
        _control.Lazy = lazy;
        using var proxy = Start(out var holder);
        var stream = await _control.StreamAsync();
        Assert.Equal(GrpcTrailers.DeltaAggregatedResources, stream.Path);
        Assert.Equal("application/grpc", stream.ContentType);
        var first = await stream.RequestAsync();
        Assert.Equal("default/web/0", first.Node.Id);
        Assert.Equal("banyan", first.Node.Metadata.Fields["FLAVOUR"].StringValue);
        proxy.Want(Payments);
        Assert.Equal([Payments], (await stream.SubscriptionAsync()).ResourceNamesSubscribe);
        await stream.ServeAsync(Payments, "10.0.0.1:80");

        // An acknowledged change is in effect.
        Assert.True(holder.Current.Connected);
        Assert.NotNull(holder.Current.Find(Payments));
        Assert.Null((await stream.AnswerAsync(Endpoints(Payments, "10.0.0.2:80"))).ErrorDetail);
        Assert.Equal("10.0.0.2:80", holder.Current.Find(Payments)!.Clusters[0].Endpoints[0].Address.ToString());
    }

    [Fact]
    public async Task ABadResourceIsRefusedAndShown()
    {
        using var proxy = Start(out var holder);
        var stream = await _control.StreamAsync();
        proxy.Want(Payments);
        await stream.ServeAsync(Payments, "10.0.0.1:80");

        var bad = Eds(Payments);
        bad.LbPolicy = Cluster.Types.LbPolicy.Maglev;
        var answer = await stream.AnswerAsync(bad);

        Assert.Contains("Cluster payments.default:80: lb_policy: Maglev is not supported", answer.ErrorDetail.Message, StringComparison.Ordinal);
        Assert.NotNull(holder.Current.Find(Payments));
        var nack = Assert.Single(proxy.Status()!.Nacks);
        Assert.Equal((ClusterUrl, Payments), (nack.Type, nack.Resource));
        await LoggedAsync("resource-refused");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ALostStreamIsOpenedAgainWithWhatIsHeld(bool abort)
    {
        using var proxy = Start(out var holder);
        var stream = await _control.StreamAsync();
        proxy.Want(Payments);
        await stream.ServeAsync(Payments, "10.0.0.1:80");

        if (abort)
        {
            stream.Abort();
        }
        else
        {
            stream.End(GrpcStatusCode.Unavailable, "maintenance");
        }

        var next = await _control.StreamAsync();
        var first = await next.RequestAsync();
        Assert.Equal("default/web/0", first.Node.Id);
        Assert.Equal(["*", Payments], first.ResourceNamesSubscribe.Order());
        Assert.Equal("1", first.InitialResourceVersions[Payments]);
        Assert.NotNull(holder.Current.Find(Payments));
        await LoggedAsync(abort ? "control-plane-lost" : "the control plane ended the stream: Unavailable maintenance");
    }

    [Fact]
    public async Task AControlPlaneThatComesLaterIsFound()
    {
        var port = _control.Port;
        await _control.DisposeAsync();
        using var proxy = Start(out var holder);
        await Eventually.TrueAsync(() => proxy.Status()!.LastError.Length > 0, "an attempt failed");
        Assert.False(holder.Current.Connected);
        proxy.Want(Payments);

        _control = await ScriptedControl.StartAsync(port);
        var stream = await _control.StreamAsync();
        Assert.Equal(["*", Payments], (await stream.RequestAsync()).ResourceNamesSubscribe.Order());
        await Eventually.TrueAsync(() => holder.Current.Connected, "connected");
    }

    [Fact]
    public async Task ARestartedProxyServesFromDiskWithoutAControlPlane()
    {
        using (var proxy = Start(out _))
        {
            var stream = await _control.StreamAsync();
            await stream.AnswerAsync(Inbound(Payments, "127.0.0.1:20001", "127.0.0.1:20002"));
            await stream.AnswerAsync(Static("app:127.0.0.1:20002", "127.0.0.1:20002"));
            proxy.Want(Payments);
            await stream.ServeAsync(Payments, "10.0.0.1:80");
            await Eventually.TrueAsync(
                () => SnapshotFile.Read(_state[SnapshotFormat.FileName], out var saved) is null && saved.Resources.Count == 6,
                "the snapshot is on disk");
        }

        await _control.DisposeAsync();
        using var restarted = Start(out var holder);
        Assert.NotNull(holder.Current.Find(Payments));
        Assert.Single(holder.Current.Listeners);
        Assert.False(holder.Current.Connected);
        await LoggedAsync("snapshot-loaded");
    }

    [Fact]
    public async Task WhatIsNotOnDiskYetIsWrittenAtTheEnd()
    {
        using (var proxy = Start(out _))
        {
            var stream = await _control.StreamAsync();
            proxy.Want(Payments);
            await stream.ServeAsync(Payments, "10.0.0.1:80");
        }

        Assert.Null(SnapshotFile.Read(_state[SnapshotFormat.FileName], out var saved));
        Assert.Equal(4, saved.Resources.Count);
    }

    [Theory]
    [InlineData(true, "its checksum does not fit")]
    [InlineData(false, "it is of node")]
    public async Task ASnapshotThatIsNotGoodIsIgnored(bool damaged, string reason)
    {
        var bytes = SnapshotFormat.Encode(Saved("default/other/0", Outbound("127.0.0.1:20001")));
        bytes[^1] ^= (byte)(damaged ? 1 : 0);
        File.WriteAllBytes(_state[SnapshotFormat.FileName], bytes);

        using var proxy = Start(out var holder);

        Assert.Empty(holder.Current.Listeners);
        await LoggedAsync(reason);
    }

    [Theory]
    [InlineData("0100000000")]
    [InlineData("0700000000")]
    [InlineData("00ffffffff")]
    [InlineData("0000000002ffff")]
    public async Task NonsenseEndsTheStreamAndNothingElse(string hex)
    {
        using var proxy = Start(out _);
        var stream = await _control.StreamAsync();
        await stream.SendRawAsync(Convert.FromHexString(hex));
        await _control.StreamAsync();
    }

    [Fact]
    public async Task AnswersThatAreNoStreamAreTriedAgain()
    {
        _control.RefuseWith = 503;
        using var proxy = Start(out _);
        await LoggedAsync("the control plane answered 503");
        _control.RefuseWith = null;
        await _control.StreamAsync();
    }

    [Fact]
    public void TheBackOffGrowsAndIsBounded()
    {
        for (var failures = 0; failures < 40; failures++)
        {
            var full = TimeSpan.FromMilliseconds(Math.Min(5000, 100 * Math.Pow(2, failures)));
            Assert.InRange(ControlPlanes.PauseAfter(failures), full / 2, full);
        }
    }

    [Fact]
    public async Task ASnapshotFileServesAlone()
    {
        var file = _state["compiled.pb"];
        Assert.Null(SnapshotFile.Write(file, Saved("shop/web/2", Api(Payments), Routes(Payments, Forward("default", Payments)), Eds(Payments), Endpoints(Payments, "10.0.0.1:80"))));
        var holder = new SnapshotHolder();
        var log = new ProxyLog(LogLevel.Info, TimeProvider.System);
        var options = new ProxyOptions { SnapshotFile = file, State = _state["of-its-own"] };
        using var proxy = Housekeeping.Start(options, holder, log, Take, TimeProvider.System, out var error);

        Assert.Equal("", error);
        Assert.True(Directory.Exists(options.State));
        Assert.Equal(("shop/web/2", "shop"), (proxy!.NodeId, proxy.Namespace));
        Assert.NotNull(holder.Current.Find(Payments));
        await LoggedAsync("snapshot-loaded");
    }

    [Fact]
    public void ASnapshotFileThatIsNoneIsSaid()
    {
        var file = _state.Write("x.pb", "nonsense");
        var proxy = Housekeeping.Start(
            new ProxyOptions { SnapshotFile = file }, new SnapshotHolder(), new MetricsShards(1), new ProxyLog(LogLevel.Off, TimeProvider.System), TimeProvider.System, out var error);
        Assert.Null(proxy);
        Assert.Equal($"--snapshot: {file}: this is not a Banyan snapshot", error);
    }

    private Housekeeping Start(out SnapshotHolder holder)
    {
        holder = new SnapshotHolder();
        var options = new ProxyOptions { Node = new NodeName("default", "web", 0), Control = [_control.Uri], State = _state.Path };
        var log = new ProxyLog(LogLevel.Info, TimeProvider.System);
        var housekeeping = Housekeeping.Start(options, holder, log, Take, TimeProvider.System, out var error);
        Assert.Equal("", error);
        return housekeeping!;
    }

    private int Take(ReadOnlySpan<byte> bytes)
    {
        lock (_log)
        {
            _log.Append(Encoding.UTF8.GetString(bytes));
        }

        return bytes.Length;
    }

    private Task LoggedAsync(string text) => Eventually.TrueAsync(
        () =>
        {
            lock (_log)
            {
                return _log.ToString().Contains(text, StringComparison.Ordinal);
            }
        },
        $"\"{text}\" is logged");
}
