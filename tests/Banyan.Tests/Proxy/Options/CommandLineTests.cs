using Banyan.Proxy.Options;
using Banyan.Proxy.Record;
using Xunit;

namespace Banyan.Tests.Proxy.Options;

public sealed class CommandLineTests
{
    private static readonly string[] Full =
        ["--node", "default/payments-v1/3", "--control", "http://127.0.0.1:14010", "--state", "/tmp/x"];

    [Fact]
    public void TheShortestLineThatRuns()
    {
        var options = Parse(Full).Options!;
        Assert.Equal(new NodeName("default", "payments-v1", 3), options.Node);
        Assert.Equal("http://127.0.0.1:14010/", $"{Assert.Single(options.Control)}");
        Assert.Equal("/tmp/x/admin.sock", options.Admin!.Path);
        Assert.Equal((1, LogLevel.Info, false), (options.Reactors, options.LogLevel, options.Testing));
    }

    [Fact]
    public void EveryOption()
    {
        var options = Parse([.. Full, "--admin=127.0.0.1:15000", "--reactors", "4", "--log-level=debug"], "1").Options!;
        Assert.Equal("127.0.0.1:15000", options.Admin!.ToString());
        Assert.Equal((4, LogLevel.Debug, true), (options.Reactors, options.LogLevel, options.Testing));
    }

    [Fact]
    public void SeveralControlPlanesComeInOneListOrInMore() =>
        Assert.Equal(
            ["http://127.0.0.1:14010/", "http://b/", "http://c:1/"],
            Parse([.. Full, "--control", "http://b,http://c:1"]).Options!.Control.Select(uri => $"{uri}"));

    [Fact]
    public void ASnapshotNeedsNothingElse()
    {
        var options = Parse(["--snapshot", typeof(CommandLineTests).Assembly.Location]).Options!;
        Assert.Empty(options.Control);
        Assert.Null(options.Admin);
    }

    [Theory]
    [InlineData("--node: missing; say who this proxy is")]
    [InlineData("--node: needs a value", "--node")]
    [InlineData("--node: \"x\" is not NAMESPACE/WORKLOAD/REPLICA", "--node", "x")]
    [InlineData("--node: \"a/b/-1\" is not", "--node", "a/b/-1")]
    [InlineData("--node: \"a//1\" is not", "--node", "a//1")]
    [InlineData("--node: given twice", "--node", "a/b/0", "--node", "a/b/0")]
    [InlineData("--control: missing; say where the control plane is", "--node", "a/b/0")]
    [InlineData("--control: \"127.0.0.1:14010\" is not a URL like http://127.0.0.1:14010", "--control", "127.0.0.1:14010")]
    [InlineData("--control: \"ftp://x\" is not a URL", "--control", "ftp://x")]
    [InlineData("--control: http://b and https://a/: either all are asked over TLS", "--control", "https://a,http://b")]
    [InlineData("--service-account: missing", "--node", "a/b/0", "--control", "https://a", "--state", "/tmp")]
    [InlineData("--service-account: \"a/b\" is not a name", "--service-account", "a/b")]
    [InlineData("--identity: \"disk\" is neither state nor memory", "--identity", "disk")]
    [InlineData("--join-token, --identity and --service-account: an identity is asked for over TLS alone", "--node", "a/b/0", "--control", "http://a", "--state", "/tmp", "--service-account", "b")]
    [InlineData("--join-token: /tmp is a folder", "--join-token", "/tmp")]
    [InlineData("--control: \"b\" is not a URL", "--control", "http://a,b")]
    [InlineData("--control: \"\" is not a URL", "--control", "http://a,")]
    [InlineData("--control: http://a is given twice", "--control", "http://a,http://b", "--control=http://a")]
    [InlineData("--state: missing", "--node", "a/b/0", "--control", "http://x")]
    [InlineData("--state: /proc/self/stat is a file, a folder is needed", "--state", "/proc/self/stat")]
    [InlineData("--admin: 0.0.0.0 is not a loopback address", "--admin", "0.0.0.0:1")]
    [InlineData("--admin: \"14000\" is neither unix:PATH nor IP:PORT", "--admin", "14000")]
    [InlineData("--admin: the path of the unix socket is missing", "--admin", "unix:")]
    [InlineData("--snapshot: there is no file /none", "--snapshot", "/none")]
    [InlineData("--snapshot: there is no file", "--snapshot=/none")]
    [InlineData("--reactors: \"0\" is not a number from 1 to 256", "--reactors", "0")]
    [InlineData("--reactors: \"x\" is not a number", "--reactors", "x")]
    [InlineData("--log-level: \"loud\" is none of debug, info, warn, error, off", "--log-level", "loud")]
    [InlineData("--bogus: no such option", "--bogus")]
    [InlineData("\"bogus\": not an option", "bogus")]
    [InlineData("--control: not together with --snapshot", "--control", "http://x", "--snapshot", "/proc/self/stat")]
    public void WhatIsWrongIsSaidWithTheFlag(string message, params string[] arguments)
    {
        var result = Parse(arguments);
        Assert.Null(result.Options);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("banyan-proxy: " + message, result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void APathTooLongForASocketIsSaid() =>
        Assert.Contains(
            "at most 107 bytes", Parse([.. Full, "--admin", "unix:/" + new string('x', 107)]).Output, StringComparison.Ordinal);

    [Theory]
    [InlineData("--help", "--snapshot FILE")]
    [InlineData("-h", "--log-level")]
    [InlineData("--version", "banyan-proxy ")]
    public void HelpAndVersionEndWell(string flag, string text)
    {
        var result = Parse([flag]);
        Assert.Equal((0, null), (result.ExitCode, result.Options));
        Assert.Contains(text, result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, HopMode.Adaptive)]
    [InlineData("", HopMode.Adaptive)]
    [InlineData("adaptive", HopMode.Adaptive)]
    [InlineData("client", HopMode.Client)]
    [InlineData("http1", HopMode.Http1)]
    [InlineData("http2", HopMode.Http2)]
    public void TheWayBetweenSidecarsIsRead(string? value, HopMode hop) =>
        Assert.Equal(hop, CommandLine.Parse(Full, name => name == "BANYAN_HOP" ? value : null).Options!.Hop);

    [Fact]
    public void AnUnknownWayBetweenSidecarsIsRefused()
    {
        var result = CommandLine.Parse(Full, name => name == "BANYAN_HOP" ? "quic" : null);
        Assert.Equal(CommandLine.BadArguments, result.ExitCode);
        Assert.Contains("BANYAN_HOP: \"quic\" is not adaptive, client, http1 or http2", result.Output, StringComparison.Ordinal);
    }

    private static CommandLine Parse(string[] arguments, string? test = null) =>
        CommandLine.Parse(arguments, name => name == "BANYAN_TEST" ? test : null);
}
