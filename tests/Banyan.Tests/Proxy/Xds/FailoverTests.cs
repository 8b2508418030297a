using System.Diagnostics;
using Banyan.Proxy.Background;
using Banyan.Proxy.Options;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Proxy.Xds;

/// <summary>A proxy with two control planes to ask, over real HTTP/2.</summary>
public sealed class FailoverTests : IAsyncLifetime
{
    private const string Payments = "payments.default:80";

    private readonly TempFolder _state = new();
    private readonly NodeName _node = new("default", "web", 0);
    private readonly List<ScriptedControl> _controls = [];

    public async ValueTask InitializeAsync()
    {
        _controls.Add(await ScriptedControl.StartAsync());
        _controls.Add(await ScriptedControl.StartAsync());

        // The one that this node asks first comes first.
        if (new Banyan.Proxy.Xds.ControlPlanes($"{_node}", Addresses).Current != _controls[0].Uri)
        {
            _controls.Reverse();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var control in _controls)
        {
            await control.DisposeAsync();
        }

        _state.Dispose();
    }

    private Uri[] Addresses => [.. _controls.Select(control => control.Uri)];

    [Fact]
    public async Task ALostOneIsFollowedByTheOtherWithWhatIsHeld()
    {
        using var proxy = Start(Addresses, out var holder);
        var stream = await _controls[0].StreamAsync();
        proxy.Want(Payments);
        await stream.ServeAsync(Payments, "10.0.0.1:80");
        Assert.Equal($"{_controls[0].Uri}", proxy.Status()!.Control);
        await _controls[0].DisposeAsync();

        var next = await _controls[1].StreamAsync();
        var first = await next.RequestAsync();
        Assert.Equal($"{_node}", first.Node.Id);
        Assert.Equal("1", first.InitialResourceVersions[Payments]);
        Assert.NotNull(holder.Current.Find(Payments));
        Assert.Equal($"{_controls[1].Uri}", proxy.Status()!.Control);
        await next.AnswerAsync(Resources.Endpoints(Payments, "10.0.0.2:80"));
        Assert.Equal("10.0.0.2:80", holder.Current.Find(Payments)!.Clusters[0].Endpoints[0].Address.ToString());
    }

    [Fact]
    public async Task OneThatTakesConnectionsAndSaysNothingIsLeft()
    {
        using var mute = new RawListener();
        var addresses = new[] { new Uri($"http://{mute.Address}"), _controls[1].Uri };

        // Whichever comes first for this node: a second turn comes past the mute one.
        var clock = Stopwatch.StartNew();
        using var proxy = Start(addresses, out _);
        if (new Banyan.Proxy.Xds.ControlPlanes($"{_node}", addresses).Current == _controls[1].Uri)
        {
            (await _controls[1].StreamAsync()).Abort();
        }

        await _controls[1].StreamAsync();

        // 1 s of silence and 0.5 s for the answer to a PING; alone it would be 30 s.
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(15));
    }

    private Housekeeping Start(Uri[] addresses, out SnapshotHolder holder)
    {
        holder = new SnapshotHolder();
        var options = new ProxyOptions { Node = _node, Control = addresses, State = _state.Path };
        var log = new ProxyLog(LogLevel.Off, TimeProvider.System);
        var housekeeping = Housekeeping.Start(options, holder, new MetricsShards(1), log, TimeProvider.System, out var error);
        Assert.Equal("", error);
        return housekeeping!;
    }
}
