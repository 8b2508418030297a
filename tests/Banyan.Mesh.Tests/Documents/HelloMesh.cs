using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Documents;

/// <summary>A mesh with one service, <c>hello</c>, that answers <c>hello</c>; started as a user starts it.</summary>
public sealed class HelloMesh : IAsyncLifetime
{
    private const string Server =
        """import os, http.server as h\nclass H(h.BaseHTTPRequestHandler):\n  def do_GET(s):\n    s.send_response(200); s.end_headers(); s.wfile.write(b'hello\\n')\nh.ThreadingHTTPServer(('127.0.0.1', int(os.environ['PORT'])), H).serve_forever()""";

    private readonly TempFolder _folder = new("hello");

    /// <summary>The proxy variables that an application of the mesh has.</summary>
    public Dictionary<string, string?> Environment { get; } = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        _folder.Write(
            "hello.yaml",
            $$"""
            apiVersion: banyan.dev/v1alpha1
            kind: Workload
            metadata: {name: hello}
            spec:
              service: hello
              ports: [{name: http, port: 80}]
              run: {command: python3, args: [-c, "{{Server}}"]}
            """);
        var up = await RunAsync("up", "hello.yaml", "--detach");
        Assert.True(up.ExitCode == 0, $"{up}");
        var curl = up.Output.Split('\n').Single(line => line.Trim().StartsWith("curl -x ", StringComparison.Ordinal));
        var proxy = curl.Trim().Split(' ')[2];
        Environment["http_proxy"] = proxy;
        Environment["HTTP_PROXY"] = proxy;
        Environment["no_proxy"] = "localhost,127.0.0.1,[::1],::1";
        Environment["NO_PROXY"] = "localhost,127.0.0.1,[::1],::1";
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        var down = await RunAsync("down");
        _folder.Dispose();
        Assert.True(down.ExitCode == 0, $"{down}");
    }

    private Task<ProcessResult> RunAsync(params string[] arguments) =>
        TestProcess.RunAsync(Repository.Cli, arguments, folder: _folder.Path, deadline: TimeSpan.FromSeconds(60));
}
