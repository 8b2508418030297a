using Banyan.Bench.Load;
using Banyan.Testing;

namespace Banyan.Tests.Bench;

/// <summary>The backend of the measurements as a process of its own, as there.</summary>
internal sealed class RunningBackend : IAsyncDisposable
{
    private readonly TestProcess _process;

    private RunningBackend(LoadShape load, int port)
    {
        Port = port;
        _process = TestProcess.Start(
            Repository.Binary("Banyan.Bench", "banyan-bench"), ["backend", $"{load.Protocol}", $"{load.Body}", $"{port}"]);
    }

    public int Port { get; }

    public string Url => $"http://127.0.0.1:{Port}";

    public static async Task<RunningBackend> StartAsync(LoadShape load)
    {
        var backend = new RunningBackend(load, FreePorts.Next());
        await Eventually.TrueAsync(() => Probe.Accepts(backend.Port), "the backend listening");
        return backend;
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
