using Banyan.Cli;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Cli;

/// <summary>What every verb says to mistakes; each runs the real program.</summary>
public sealed class CommandLineTests
{
    private static readonly string[] Verbs =
    [
        "control", "up", "down", "restart", "demo", "apply", "get", "delete", "validate", "status", "top", "compile",
        "bootstrap", "history", "diff", "rollback", "register", "deregister", "maintenance", "token",
    ];

    public static TheoryData<string> AllVerbs => [.. Verbs];

    [Theory]
    [MemberData(nameof(AllVerbs))]
    public async Task HelpHasExamplesAndExitCodes(string verb)
    {
        var result = await RunAsync(verb, "--help");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("Examples:", result.Output, StringComparison.Ordinal);
        Assert.Contains($"  banyan {verb}", result.Output, StringComparison.Ordinal);
        Assert.Contains("Exit codes:", result.Output, StringComparison.Ordinal);
        Assert.Contains("--output", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', result.Output);
    }

    [Theory]
    [InlineData(2, "Unrecognized command or argument 'upp'", "upp")]
    [InlineData(2, "banyan up: Required argument missing for command: 'up'", "up")]
    [InlineData(2, "--for: '20' is not a duration; write for example 20s", "up", "mesh.yaml", "--for", "20")]
    [InlineData(2, "--output: 'xml' is not one of text, json", "down", "--output", "xml")]
    [InlineData(2, "--output: 'text' is not one of table, yaml, json", "get", "services", "-o", "text")]
    [InlineData(2, "--detach and --for exclude each other", "up", "mesh.yaml", "--for", "20s", "--detach")]
    [InlineData(2, "KIND: 'pods' is no kind; it is one of Mesh, Workload", "get", "pods")]
    [InlineData(2, "KIND: 'pods' is no kind", "delete", "pods", "x")]
    [InlineData(2, "Required argument missing for command: 'delete'", "delete", "Service")]
    [InlineData(2, "Required argument missing for command: 'restart'", "restart")]
    [InlineData(2, "Required argument missing for command: 'validate'", "validate")]
    [InlineData(2, "Option '--workload' is required", "compile", "mesh.yaml", "--out", "x")]
    [InlineData(2, "--inbound: 'here' is not an address; write for example 127.0.0.1:14006", "compile", "m", "--workload", "w", "--out", "x", "--inbound", "here")]
    [InlineData(2, "--xds: '14010' is not an address", "control", "--xds", "14010")]
    [InlineData(2, "name a FILE to apply", "apply")]
    [InlineData(1, "no-such.yaml: no such file or folder", "up", "no-such.yaml")]
    [InlineData(1, "no-such.yaml: no such file or folder", "validate", "no-such.yaml")]
    [InlineData(1, "no-such.yaml: no such file or folder", "compile", "no-such.yaml", "--workload", "w", "--out", "x")]
    [InlineData(1, "no such file", "apply", "no-such.yaml")]
    [InlineData(3, "no control plane answers at", "get", "services")]
    [InlineData(3, "no control plane answers at", "delete", "Service", "x")]
    [InlineData(2, "KIND: 'pods' is no kind", "history", "pods/x")]
    [InlineData(2, "'Service/' is not of the form KIND/NAME", "history", "Service/")]
    [InlineData(2, "--limit: '0' is not a number from 1 to 500", "history", "--limit", "0")]
    [InlineData(2, "'Service' is not of the form KIND/NAME", "rollback", "1", "Service")]
    [InlineData(2, "REVISION: '-1' is not a number from 0", "rollback", "--", "-1")]
    [InlineData(1, "no-such.yaml: no such file", "diff", "no-such.yaml")]
    [InlineData(2, "Option '--address' is required", "register", "s")]
    [InlineData(2, "--address: 'here' is not an address; write for example 10.0.0.5:8080", "register", "s", "--address", "here")]
    [InlineData(2, "--ttl: 'soon' is not a duration; write for example 30s", "register", "s", "--address", "10.0.0.5:80", "--ttl", "soon")]
    [InlineData(2, "--tier: 'huge' is not one of standard, critical, batch", "register", "s", "--address", "10.0.0.5:80", "--tier", "huge")]
    [InlineData(2, "'perhaps' is not one of on, off", "maintenance", "s", "perhaps")]
    [InlineData(2, "--wide is for services", "get", "workloads", "--wide")]
    [InlineData(2, "'burn' is not one of create, list, revoke", "token", "burn")]
    [InlineData(2, "create needs a NAME", "token", "create")]
    [InlineData(3, "no control plane answers at", "token", "list")]
    [InlineData(3, "no control plane answers at", "register", "s", "--address", "10.0.0.5:80")]
    [InlineData(3, "no control plane answers at", "history")]
    [InlineData(3, "no control plane answers at", "rollback", "1")]
    [InlineData(3, "no control plane answers at", "status")]
    [InlineData(3, "no control plane answers at", "top", "--once")]
    [InlineData(3, "is no state directory", "down")]
    [InlineData(3, "nothing runs with the state directory", "restart", "payments")]
    public async Task MistakesGetOneMessageAndNoStackTrace(int code, string message, params string[] arguments)
    {
        var result = await RunAsync(arguments);
        Assert.Equal(code, result.ExitCode);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.InRange(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length, 1, 2);
    }

    [Fact]
    public async Task WithoutAVerbTheHelpIsShown()
    {
        var result = await RunAsync();
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("demo", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("guard", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("20s", 20)]
    [InlineData("1m30s", 90)]
    [InlineData("500ms", 0.5)]
    [InlineData("1.5h", 5400)]
    [InlineData("7d", 604_800)]
    public void DurationsAreRead(string text, double seconds)
    {
        Assert.True(Duration.TryParse(text, out var duration));
        Assert.Equal(seconds, duration.TotalSeconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("20")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("0s")]
    [InlineData("1w")]
    [InlineData("1s 2s")]
    [InlineData("1e9s")]
    [InlineData("99999999999h")]
    public void WhatIsNoDurationIsRefused(string text) => Assert.False(Duration.TryParse(text, out _));

    private static async Task<ProcessResult> RunAsync(params string[] arguments)
    {
        using var folder = new TempFolder("cli");
        return await TestProcess.RunAsync(
            Repository.Cli,
            arguments,
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["BANYAN_STATE"] = folder["no-state"] },
            folder.Path);
    }
}
