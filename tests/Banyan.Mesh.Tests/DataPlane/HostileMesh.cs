using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Banyan.Testing.Hostile;

namespace Banyan.Mesh.Tests.DataPlane;

/// <summary>A proxy in front of the service that the table of malformed messages names, and a way to know that it has read
/// all that was sent until now.</summary>
internal sealed class HostileMesh : IAsyncDisposable
{
    private readonly TestBackend _clock = new();
    private readonly TestMesh _mesh;
    private RawConnection? _ticks;

    private HostileMesh(string endpoint) =>
        _mesh = new TestMesh().Service(HostileCases.Host, endpoint).Service("clock", _clock.Address);

    public static async Task<HostileMesh> StartAsync(string endpoint)
    {
        var mesh = new HostileMesh(endpoint);
        await mesh._mesh.StartAsync(outboundAllowed: false);
        mesh._ticks = await mesh.ConnectAsync();
        return mesh;
    }

    public Task<RawConnection> ConnectAsync() => _mesh.ConnectAsync();

    /// <summary>Returns when the proxy has read everything that was sent before: its one reactor serves what became readable
    /// in order, so a later request that is answered comes after.</summary>
    public async Task ReadByProxyAsync()
    {
        var answer = await _ticks!.ExchangeAsync("GET / HTTP/1.1\r\nHost: clock\r\n\r\n");
        if (answer.Status != 200)
        {
            throw new InvalidDataException($"the clock stopped: {answer}");
        }
    }

    /// <summary>Returns when the proxy has accepted every connection that was made before: the queue of a listener is in order.
    /// Only then does what is said on one of them become readable in order with everything else.</summary>
    public async Task AcceptedByProxyAsync()
    {
        using var last = await ConnectAsync();
        await last.ExchangeAsync("GET / HTTP/1.1\r\nHost: clock\r\n\r\n");
    }

    public async ValueTask DisposeAsync()
    {
        _ticks?.Dispose();
        await _mesh.DisposeAsync();
        await _clock.DisposeAsync();
    }
}
