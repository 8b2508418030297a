using System.Text.Json.Nodes;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Up;

/// <summary><c>banyan certs deny</c> in a mesh that runs: what was open with the certificate ends, and nothing more opens.</summary>
public sealed class DeniedCertificateTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("client", "hello-v1")]
    [InlineData("hello", "client")]
    public async Task BothSidesLetGo(string denied, string refuser)
    {
        await using var mesh = await UpMesh.StartAsync(MeshText.Of(MeshText.Client, MeshText.Workload("hello", "v1")));
        using var connection = await RawConnection.ConnectAsync(mesh.WayIn);
        await AskAsync(connection, "HTTP/1.1 200");
        Assert.Equal(0, await RefusalsAsync(mesh, refuser));
        using var control = UnixSocketClient.Create(mesh.Folder["s/control.sock"]);
        var issued = JsonNode.Parse(await control.GetStringAsync(
            $"api/v1/certificates/issued?identity=spiffe://banyan.local/ns/default/sa/{denied}"))!["items"]!.AsArray();
        var serial = Assert.Single(issued)!["serial"]!.GetValue<string>();
        var result = await mesh.RunAsync("certs", "deny", serial);
        Assert.True(result.ExitCode == 0, $"{result}");

        // Nobody calls: what is counted is the connection that was open.
        await Eventually.TrueAsync(async () => await RefusalsAsync(mesh, refuser) == 1, "the open connection is broken off", Deadline);
        await AskAsync(connection, "HTTP/1.1 503");
        Assert.InRange(await RefusalsAsync(mesh, refuser), 2, 10);
    }

    private static async Task AskAsync(RawConnection connection, string status)
    {
        await connection.SendAsync("GET / HTTP/1.1\r\nHost: hello\r\n\r\n");
        Assert.Contains(status, await connection.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
    }

    /// <summary>What the sidecar of a workload counts as denied.</summary>
    private static async Task<double> RefusalsAsync(UpMesh mesh, string workload)
    {
        foreach (var socket in Directory.EnumerateFileSystemEntries(mesh.Folder["s"], "admin.sock", SearchOption.AllDirectories))
        {
            if (socket.Contains(workload, StringComparison.Ordinal))
            {
                using var proxy = UnixSocketClient.Create(socket);
                var line = (await proxy.GetStringAsync("metrics")).Split('\n')
                    .SingleOrDefault(each => each.StartsWith("banyan_tls_refusals_total{reason=\"denied\"}", StringComparison.Ordinal));
                return line is null ? 0 : double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture);
            }
        }

        throw new InvalidOperationException($"no sidecar of {workload}");
    }
}
