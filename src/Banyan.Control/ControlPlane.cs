using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Banyan.Control;

/// <summary>
/// The control plane: sources → store → compile → xDS, and the API beside them. Runs in the process that makes it.
/// </summary>
public sealed class ControlPlane : IAsyncDisposable
{
    private readonly ControlPlaneOptions _options;
    private readonly ILoggerFactory _logs;
    private readonly TimeProvider _time;

    /// <summary>Makes a control plane that is not started yet.</summary>
    public ControlPlane(ControlPlaneOptions options, ILoggerFactory? logs = null, TimeProvider? time = null)
    {
        _options = options;
        _logs = logs ?? NullLoggerFactory.Instance;
        _time = time ?? TimeProvider.System;
        XdsEndPoint = options.Xds;
        ApiEndPoint = options.Api;
    }

    /// <summary>Where proxies ask; with the real port once started.</summary>
    public IPEndPoint XdsEndPoint { get; private set; }

    /// <summary>Where the API listens on TCP; with the real port once started.</summary>
    public IPEndPoint ApiEndPoint { get; private set; }

    /// <summary>The unix socket of the API.</summary>
    public string SocketPath => _options.SocketPath;

    /// <summary>Completes when every source has finished its first load and proxies are answered.</summary>
    public Task Ready { get; } = Task.CompletedTask;

    /// <summary>Starts to listen; throws <see cref="ControlPlaneException"/> with a message for the user.</summary>
    public Task StartAsync(CancellationToken cancel = default)
    {
        _ = (_logs, _time);
        return Task.CompletedTask;
    }

    /// <summary>Ends the streams, closes the listeners and the database.</summary>
    public Task StopAsync(CancellationToken cancel = default) => Task.CompletedTask;

    /// <inheritdoc />
    public async ValueTask DisposeAsync() => await StopAsync();
}
