using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Protocols;

/// <summary>The example of all protocols passes, and each of its checks notices when its feature is broken.</summary>
[Collection(nameof(Alone))]
public sealed class ProtocolsTests
{
    private const string Backend = "  run:\n    command: ../../artifacts/bin/Backends/release/Backends\n    args: ";

    /// <summary>Ends earlier, when all checks hold.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a run lasts in which something is broken: many times what the other checks need; and once more as long as
    /// <see cref="Limit"/>, where the machine is too busy for them.
    /// </summary>
    private static readonly TimeSpan[] BrokenLimits = [TimeSpan.FromSeconds(10), Limit];

    /// <summary>
    /// In which two of the four runs a feature is broken. No two that might influence each other have the same: so every
    /// check is seen to fail when its own feature is broken, and to hold when any other one is.
    /// </summary>
    private static readonly int[][] Plans = [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]];

    /// <summary>What is broken, in groups that share no process, and the only check that may notice.</summary>
    private static readonly (string Check, string Old, string New)[][] Groups =
    [
        [
            Without("http1-keep-alive", "keep-alive"),
            Without("http1-chunked", "chunks"),
            Without("http1-trailers", "trailers"),
            Port("http2-prior-knowledge", "web, port: 80, protocol: http2}", "web, port: 80, protocol: http}"),
            Port(
                "http1-to-http2",
                "translated, port: 81, protocol: http2}\n  - {name: trailers",
                "translated, port: 81, protocol: http}\n  - {name: trailers"),
            Port(
                "http2-to-http1",
                "translated, port: 81, protocol: http}\n  run",
                "translated, port: 81, protocol: http2}\n  run"),
        ],
        [Port("http2-trailers", "trailers, port: 82, protocol: http2}", "trailers, port: 82, protocol: http}")],
        [
            NoRoute("grpc-unary", "Unary"),
            NoRoute("grpc-server-streaming", "ServerStreaming"),
            NoRoute("grpc-client-streaming", "ClientStreaming"),
            NoRoute("grpc-bidirectional", "Bidirectional"),
            NoRoute("grpc-deadline", "Late"),
            NoRoute("grpc-trailers-only", "Missing"),
        ],
        [
            (
                "websocket",
                $"protocol: http}}\n{Backend}[websocket]",
                $"protocol: tcp}}\n{Backend}[websocket]"),
        ],
        [
            Port("tcp-half-close", "echo, port: 9000, protocol: tcp}", "echo, port: 9000, protocol: http}"),
            Port("tcp-server-first", "greet, port: 9001, protocol: auto}", "greet, port: 9001, protocol: http}"),
        ],
        [("tls-server-names", "hostnames: [right.example]", "hostnames: [wrong.example]")],
        [
            Port("undeclared-http1", "one, port: 81, protocol: auto}", "one, port: 81, protocol: tcp}"),
            Port("undeclared-http2", "two, port: 82, protocol: auto}", "two, port: 82, protocol: tcp}"),
            Port("undeclared-tls", "three, port: 83, protocol: auto}", "three, port: 83, protocol: tcp}"),
        ],
    ];

    [Fact]
    public async Task EveryProtocolWorks()
    {
        var result = await ProtocolsExample.RunAsync(Limit);
        Assert.True(result is { ExitCode: 0, Failed: 0 }, $"{result}");
        Assert.Equal(Names(), result.Checks.Select(check => check.Name));
        Assert.All(result.Checks, check => Assert.Matches(" = [0-9]", check.Evidence));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task ABrokenFeatureFailsItsCheckAndNoOther(int run)
    {
        var broken = Groups.SelectMany(group => group.Where((_, i) => Plans[i].Contains(run))).ToList();
        var names = broken.Select(feature => feature.Check).ToHashSet();
        foreach (var limit in BrokenLimits)
        {
            var result = await ProtocolsExample.RunAsync(limit, broken.Select(feature => (feature.Old, feature.New)));
            var failed = result.Checks.Where(check => !check.Ok).ToList();
            if (limit < BrokenLimits[^1] && names.IsProperSubsetOf(failed.Select(check => check.Name)))
            {
                continue;
            }

            Assert.True(
                names.SetEquals(failed.Select(check => check.Name)), $"broken: {string.Join(' ', names)}\n{result}");
            Assert.All(failed, check => Assert.Contains("(wanted ", check.Evidence, StringComparison.Ordinal));
            Assert.Equal((1, failed.Count), (result.ExitCode, result.Failed));
            return;
        }
    }

    [Fact]
    public void EveryCheckHasAFeatureToBreak() =>
        Assert.Equal(Names().Order(), Groups.SelectMany(group => group).Select(feature => feature.Check).Order());

    /// <summary>The client leaves something out.</summary>
    private static (string Check, string Old, string New) Without(string check, string feature) =>
        (check, "env: {WITHOUT: \"", $"env: {{WITHOUT: \"{feature},");

    /// <summary>The service says that its port speaks something else.</summary>
    private static (string Check, string Old, string New) Port(string check, string old, string @new) =>
        (check, $"- {{name: {old}", $"- {{name: {@new}");

    /// <summary>The route no longer lets a method through.</summary>
    private static (string Check, string Old, string New) NoRoute(string check, string method) =>
        (check, $"    - method: {{service: examples.v1.Protocols, method: {method}}}\n", "");

    private static IEnumerable<string> Names() => File
        .ReadLines(Repository.File("examples", "protocols", "checks.yaml"))
        .Where(line => line.StartsWith("metadata: {name: ", StringComparison.Ordinal))
        .Select(line => line["metadata: {name: ".Length..^1]);
}
