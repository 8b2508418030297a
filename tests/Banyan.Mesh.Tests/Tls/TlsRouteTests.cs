using System.Text.RegularExpressions;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Tls;

/// <summary>TLSRoutes in a whole mesh: curl and openssl through sidecars to nginx, whose TLS nobody between reads.</summary>
public sealed partial class TlsRouteTests(TlsRouteTests.Fixture fixture) : IClassFixture<TlsRouteTests.Fixture>
{
    private const string Nginx = "/usr/sbin/nginx";

    /// <summary>Names, and who answers: a and b have a sidecar of their own, c has none.</summary>
    [Theory]
    [InlineData("a.web.test", "a for a.web.test")]
    [InlineData("A.Web.Test", "a for a.web.test")]
    [InlineData("x.web.test", "b for x.web.test")]
    [InlineData("x.deep.web.test", "c for x.deep.web.test")]
    public async Task TheNameDecidesWhoAnswers(string name, string expected)
    {
        // Inside CONNECT, and at a fixed local port.
        var inside = await CurlAsync("--proxy", $"http://127.0.0.1:{fixture.Mesh.WayIn}", "--connect-to", $"{name}:443:web:443", $"https://{name}/");
        Assert.Equal((0, expected + "\n"), (inside.ExitCode, inside.Output));
        var local = await CurlAsync("--connect-to", $"{name}:443:127.0.0.1:{fixture.Local}", $"https://{name}/");
        Assert.Equal((0, expected + "\n"), (local.ExitCode, local.Output));
    }

    [Fact]
    public async Task AnUndeclaredPortIsToldFromTheFirstBytes()
    {
        var tls = await CurlAsync("--proxy", $"http://127.0.0.1:{fixture.Mesh.WayIn}", "https://maybe.default:8443/");
        Assert.Equal((0, "a for maybe.default\n"), (tls.ExitCode, tls.Output));

        // Without TLS it is a request, which goes to the Service as it would without the route.
        var plain = await CurlAsync("--proxy", $"http://127.0.0.1:{fixture.Mesh.WayIn}", "http://maybe.default:8443/");
        Assert.Contains("The plain HTTP request was sent to HTTPS port", plain.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-servername nobody.test", "number 112")]
    [InlineData("-noservername", "number 109")]
    public async Task WhatNoRouteTakesHearsAnAlert(string options, string alert)
    {
        var result = await OpensslAsync(options);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains($"alert {alert}", result.Error + result.Output, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>A hello of several records: openssl divides what is longer than 512 bytes.</summary>
    [Fact]
    public async Task AHelloOfManyRecordsIsUnderstood()
    {
        var protocols = string.Join(',', Enumerable.Range(0, 60).Select(i => $"protocol-number-{i}").Append("http/1.1"));
        var result = await OpensslAsync($"-servername a.web.test -max_send_frag 512 -alpn {protocols} -msg");
        Assert.True(result.ExitCode == 0, result.ToString());

        // The one message left in three pieces, each behind a record header.
        Assert.True(RecordHeaders().Count(result.Output) >= 2, result.ToString());
        Assert.Contains("ALPN protocol: http/1.1", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatDecidedIsCounted()
    {
        await OpensslAsync("-servername nobody.test");
        await CurlAsync("--connect-to", $"a.web.test:443:127.0.0.1:{fixture.Local}", "https://a.web.test/");
        using var admin = UnixSocketClient.Create(fixture.Mesh.Folder["s/proxies/default.client.0/admin.sock"]);
        var metrics = await admin.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.Matches("banyan_server_name_connections_total\\{[^}]*destination_service=\"web\"[^}]*decision=\"unmatched\"\\} [1-9]", metrics);
        Assert.Matches("banyan_server_name_connections_total\\{[^}]*destination_service=\"web\"[^}]*decision=\"exact\"\\} [1-9]", metrics);
    }

    private Task<ProcessResult> CurlAsync(params string[] arguments) =>
        TestProcess.RunAsync("curl", ["-s", "--cacert", fixture.Servers.Certificate, .. arguments], UpMesh.Environment);

    private Task<ProcessResult> OpensslAsync(string options) => TestProcess.RunAsync(
        "sh",
        ["-c", $"openssl s_client -proxy 127.0.0.1:{fixture.Mesh.WayIn} -connect web:443 -CAfile {fixture.Servers.Certificate} -verify_return_error {options} < /dev/null"],
        UpMesh.Environment);

    [GeneratedRegex("^>>> TLS 1\\.[0-3], RecordHeader \\[length 0005\\]\\s+16 03 0[1-3] ", RegexOptions.Multiline, 1000)]
    private static partial Regex RecordHeaders();

    /// <summary>One mesh for all of them.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        private readonly int[] _ports = [FreePorts.Next(), FreePorts.Next(), FreePorts.Next()];
        private TestProcess? _alone;

        internal TlsServers Servers { get; } = new();

        internal UpMesh Mesh { get; private set; } = null!;

        /// <summary>The client's fixed local port for the service.</summary>
        public int Local { get; } = FreePorts.Next();

        public async ValueTask InitializeAsync()
        {
            _alone = TestProcess.Start(Nginx, Servers.Arguments("c", _ports[2]));
            Mesh = await UpMesh.StartAsync(MeshText.Of(
                $$"""
                {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: client},
                 spec: {upstreams: [{service: web, port: 443, localPort: {{Local}} }], run: {command: sleep, args: [infinity]} } }
                """,
                "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{name: main, port: 443, appProtocol: https}]}}",
                Server("a", _ports[0], "{name: tls, port: 443, targetPort: PORT}"),
                Server("b", _ports[1], "{name: main, port: 443, targetPort: PORT, protocol: tls}"),
                $$"""
                {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: web-c},
                 spec: {service: web, version: c, ports: [{name: tls, port: 443, targetPort: {{_ports[2]}} }], addresses: [127.0.0.1] } }
                """,
                $$"""
                {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: maybe-v1},
                 spec: {service: maybe, version: v1, ports: [{name: any, port: 8443, targetPort: {{_ports[2]}} }], addresses: [127.0.0.1] } }
                """,
                Route("a", "web", 443, "web-a, port: 443", "a.web.test"),
                Route("b", "web", 443, "web-b, port: 443", "\"*.web.test\""),
                Route("c", "web", 443, "web-c, port: 443", "\"*.deep.web.test\""),
                Route("maybe", "maybe", 8443, "web-a, port: 443", "maybe.default")));
        }

        public async ValueTask DisposeAsync()
        {
            await Mesh.DisposeAsync();
            if (_alone is not null)
            {
                await _alone.DisposeAsync();
            }

            Servers.Dispose();
        }

        private static string Route(string name, string service, int port, string backend, string host) =>
            $$"""
            {apiVersion: gateway.networking.k8s.io/v1, kind: TLSRoute, metadata: {name: {{name}} },
             spec: {parentRefs: [{group: "", kind: Service, name: {{service}}, port: {{port}} }], hostnames: [{{host}}],
                    rules: [{backendRefs: [{name: {{backend}} }]}] } }
            """;

        private string Server(string version, int port, string ports) =>
            $$"""
            {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: web-{{version}} },
             spec: {service: web, version: {{version}}, ports: [{{ports.Replace("PORT", $"{port}", StringComparison.Ordinal)}}],
                    run: {command: {{Nginx}}, args: [{{string.Join(", ", Servers.Arguments(version, port))}}]} } }
            """;
    }
}
