using Banyan.Mesh.Tests.Protocols;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Proxyless;

/// <summary>The example of gRPC libraries without sidecars passes, and its checks notice what is broken.</summary>
[Collection(nameof(Alone))]
public sealed class ProxylessTests
{
    /// <summary>Ends earlier, when all checks hold.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>How long a run lasts in which something is broken: several times what the others need.</summary>
    private static readonly TimeSpan BrokenLimit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task BothLibrariesFollowRoutesAndEndpoints()
    {
        using var folder = await CopyAsync();
        var result = await ProtocolsExample.RunAsync(folder.Path, Limit);
        Assert.True(result is { ExitCode: 0, Failed: 0 }, $"{result}");
        Assert.Equal(6, result.Checks.Count);
        Assert.All(result.Checks, check => Assert.Matches(" = [0-9]", check.Evidence));
    }

    [Fact]
    public async Task WhatIsBrokenIsNoticed()
    {
        using var folder = await CopyAsync(
            ("weight: 90", "weight: 50"),
            ("{name: x-pin, value: v2}", "{name: x-pin, value: v3}"),
            ("timeouts: {request: 3s}", "timeouts: {request: 0s}"),
            ("command: /bin/sh\n    args: [mover.sh, ", "command: /bin/sleep\n    args: [infinity, "));
        var text = await File.ReadAllTextAsync(folder["mesh.yaml"]);
        await File.WriteAllTextAsync(
            folder["mesh.yaml"],
            text.Replace("weight: 10", "weight: 50", StringComparison.Ordinal)
                .Replace("args: [infinity, ", "args: [infinity] # ", StringComparison.Ordinal));
        var result = await ProtocolsExample.RunAsync(folder.Path, BrokenLimit);
        Assert.Equal(
            ["deadline", "endpoint-change", "header-match", "js-follows-the-split", "python-follows-the-split"],
            result.Checks.Where(check => !check.Ok).Select(check => check.Name).Order(StringComparer.Ordinal));
        Assert.Equal(1, result.ExitCode);
    }

    /// <summary>The example with its packages, somewhere else; each change must find the text that it replaces.</summary>
    private static async Task<TempFolder> CopyAsync(params (string Old, string New)[] changes)
    {
        var source = Repository.File("examples", "grpc-proxyless");
        var folder = new TempFolder("proxyless");
        Directory.CreateDirectory(folder["src"]);
        foreach (var file in Directory.GetFiles(Path.Combine(source, "src")))
        {
            File.Copy(file, folder[$"src/{Path.GetFileName(file)}"]);
        }

        folder.Write("checks.yaml", await File.ReadAllTextAsync(Path.Combine(source, "checks.yaml")));
        var mesh = await File.ReadAllTextAsync(Path.Combine(source, "mesh.yaml"));
        foreach (var (old, @new) in changes)
        {
            Assert.Contains(old, mesh, StringComparison.Ordinal);
            mesh = mesh.Replace(old, @new, StringComparison.Ordinal);
        }

        folder.Write(
            "mesh.yaml", mesh.Replace("../../../artifacts/", Repository.File("artifacts/"), StringComparison.Ordinal));
        var installed = await TestProcess.RunAsync(
            "npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], folder: folder["src"], deadline: Limit * 2);
        Assert.True(installed.ExitCode == 0, $"npm ci: {installed}");
        return folder;
    }
}
