using Banyan.Mesh.Tests.Support;
using Banyan.Testing;

namespace Banyan.Mesh.Tests.WebSocket;

/// <summary>The ws package of npm as client and server, installed once into a folder of its own (<c>npm ci</c>).</summary>
internal static class WebSocketPeers
{
    private static readonly Lazy<Task<TempFolder>> Installed = new(() => NpmFolder.InstallAsync("WebSocket"));

    /// <summary>Starts the server of server.js; it serves when this returns.</summary>
    public static async Task<TestProcess> ServeAsync(int port)
    {
        var folder = await Installed.Value;
        var server = TestProcess.Start("node", ["server.js", $"{port}"], folder: folder.Path);
        await server.LineAsync("serving");
        return server;
    }

    /// <summary>Runs client.js against a port; what it printed.</summary>
    public static async Task<ProcessResult> RunClientAsync(int port, string host)
    {
        var folder = await Installed.Value;
        return await TestProcess.RunAsync("node", ["client.js", $"{port}", host], folder: folder.Path);
    }
}
