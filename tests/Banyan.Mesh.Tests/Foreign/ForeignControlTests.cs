using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Foreign;

/// <summary>The sidecar under a control plane that is not Banyan's.</summary>
public sealed class ForeignControlTests
{
    private const string Python = "/usr/bin/python3";

    /// <summary>Fields that it does not know pass; those that it knows and cannot do are named.</summary>
    [Fact]
    public async Task ItServesWhatItCanAndNamesWhatItCannot()
    {
        using var folder = new TempFolder("foreign");
        await using var backend = new TestBackend();
        var (control, listen) = (FreePorts.Next(), FreePorts.Next());
        await using var server = TestProcess.Start(
            Python,
            [
                Repository.File("tests", "Banyan.Mesh.Tests", "Foreign", "ads_server.py"),
                $"{control}", $"{listen}", $"{backend.Port}",
            ]);
        await server.LineAsync("serving");
        await using var proxy = TestProcess.Start(
            Repository.Proxy,
            [
                "--node", "default/foreign/0", "--control", $"http://127.0.0.1:{control}", "--state", folder.Path,
                "--admin", $"unix:{folder["admin.sock"]}",
            ]);
        foreach (var type in (string[])["Listener", "RouteConfiguration", "Cluster", "ClusterLoadAssignment"])
        {
            await server.LineAsync("ack " + type);
        }

        await server.LineAsync("done");
        Assert.Equal(
            [
                "typed_per_filter_config", "outlier_detection", "load_balancing_policy", "drop_overloads",
                "use_original_dst", "bind_to_port", "local_reply_config", "locality_weighted_lb_config", "leds_cluster_locality_config",
            ],
            server.OutputLines.Where(line => line.StartsWith("nack ", StringComparison.Ordinal))
                .Select(line => line[..line.IndexOf(": not supported", StringComparison.Ordinal)].Split('.', ' ')[^1]));

        // What was refused has changed nothing.
        var answer = await TestProcess.RunAsync("curl", ["-s", "--max-time", "10", $"http://127.0.0.1:{listen}/"], UpMesh.Environment);
        Assert.Equal((0, "ok"), (answer.ExitCode, answer.Output.Trim()));
    }
}
