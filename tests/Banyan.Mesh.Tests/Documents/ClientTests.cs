using System.Net;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Documents;

/// <summary>The table of clients in docs/guide/clients.md: what reaches a service with the variables that applications are given.</summary>
public sealed class ClientTests(HelloMesh mesh) : IClassFixture<HelloMesh>
{
    [Theory]
    [InlineData("curl", "-s", "http://hello/")]
    [InlineData("curl", "-s", "http://hello.default/")]
    [InlineData("curl", "-s", "http://hello.default.svc.cluster.local:80/")]
    [InlineData("curl", "-s", "--proxytunnel", "http://hello/")]
    [InlineData("python3", "-c", "import urllib.request as u; print(u.urlopen('http://hello/').read().decode(), end='')")]
    public async Task AClientThatReadsTheVariablesReachesTheMesh(string program, params string[] arguments)
    {
        var result = await TestProcess.RunAsync(program, arguments, mesh.Environment);
        Assert.True(result is { ExitCode: 0, Output: "hello\n" }, $"{result}");
    }

    [Fact]
    public async Task PythonRequestsReadsTheVariables()
    {
        const string Program = "import requests; print(requests.get('http://hello/').text, end='')";
        var result = await TestProcess.RunAsync("python3", ["-c", Program], mesh.Environment);
        Assert.SkipWhen(
            result.Error.Contains("No module named 'requests'", StringComparison.Ordinal), "requests is not installed");
        Assert.True(result is { ExitCode: 0, Output: "hello\n" }, $"{result}");
    }

    /// <summary>What the guide says of Node: neither of its clients reads the variables, so the name is not found.</summary>
    [Theory]
    [InlineData("fetch('http://hello.invalid/').then(() => {}, e => console.log(e.cause.code))")]
    [InlineData("require('http').get('http://hello.invalid/').on('error', e => console.log(e.code))")]
    public async Task NodeDoesNotReadTheVariables(string script)
    {
        ProcessResult result;
        try
        {
            result = await TestProcess.RunAsync("node", ["-e", script], mesh.Environment);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("node is not installed");
            return;
        }

        Assert.Matches("^(ENOTFOUND|EAI_AGAIN)\n$", result.Output);
    }

    [Fact]
    public async Task JavaNeedsItsOwnProperties()
    {
        using var folder = new TempFolder("java");
        var source = folder.Write(
            "Call.java",
            """
            import java.net.URI;
            import java.net.http.*;
            class Call {
                public static void main(String[] a) throws Exception {
                    var request = HttpRequest.newBuilder(URI.create("http://hello/")).build();
                    System.out.print(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
                }
            }
            """);
        var proxy = new Uri(mesh.Environment["http_proxy"]!);
        ProcessResult result;
        try
        {
            result = await TestProcess.RunAsync(
                "java", [$"-Dhttp.proxyHost={proxy.Host}", $"-Dhttp.proxyPort={proxy.Port}", source], mesh.Environment);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("java is not installed");
            return;
        }

        Assert.SkipWhen(result.Error.Contains("jdk.compiler", StringComparison.Ordinal), "only a Java runtime is installed");
        Assert.True(result is { ExitCode: 0, Output: "hello\n" }, $"{result}");
    }

    [Fact]
    public async Task DotNetReachesTheMeshThroughItsProxySetting()
    {
        using var client = new HttpClient(new SocketsHttpHandler { Proxy = new WebProxy(mesh.Environment["http_proxy"]), UseProxy = true });
        Assert.Equal("hello\n", await client.GetStringAsync("http://hello/"));
    }

    [Fact]
    public async Task AnUnknownNameIsRefusedWithItsCode()
    {
        var result = await TestProcess.RunAsync("curl", ["-s", "-i", "http://nobody/"], mesh.Environment);
        Assert.Contains("HTTP/1.1 502", result.Output, StringComparison.Ordinal);
        Assert.Contains("x-banyan-error: no-such-service", result.Output, StringComparison.Ordinal);
    }
}
