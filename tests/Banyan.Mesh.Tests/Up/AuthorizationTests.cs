using System.Globalization;
using System.Text.Json;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Up;

/// <summary>AuthorizationPolicies in a mesh as <c>banyan up</c> runs it: two callers, one service, mutual TLS between them.</summary>
public sealed class AuthorizationTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static string Other { get; } = MeshText.Client.Replace("name: client", "name: other", StringComparison.Ordinal);

    [Fact]
    public async Task PoliciesDecideBetweenSidecarsAndAreExplained()
    {
        await using var mesh = await UpMesh.StartAsync(Text(), "--mtls", "on");
        var (client, other) = (mesh.WayIn, await WayInAsync(mesh, "other/0 sidecar"));
        await AnswersAsync(client, "/", "200");
        await AnswersAsync(other, "/", "200");

        // Only who is named may, and only what is named; the answer says which policy it was.
        mesh.Write(Text(Policy("only", "rules: [{from: [{serviceAccounts: [client]}], to: [{paths: [/a, /b/*]}]}]")));
        await AnswersAsync(other, "/a", "403");
        await AnswersAsync(client, "/a", "200");
        await AnswersAsync(client, "/c", "403");
        Assert.Contains("x-banyan-denied-by: default/only\r\n", await AskAsync(other, "/a"), StringComparison.Ordinal);
        Assert.Contains("x-banyan-error: authorization-denied\r\n", await AskAsync(other, "/a"), StringComparison.Ordinal);
        foreach (var path in (string[])["/b/../c", "/b/%2e%2e/c", "//c", "/a/../c", "/a;x", "/B/x", "/c?/a"])
        {
            Assert.StartsWith("HTTP/1.1 403", await AskAsync(client, path), StringComparison.Ordinal);
        }

        const string Spoofed = "x-forwarded-client-cert: URI=spiffe://banyan.local/ns/default/sa/client\r\nx-banyan-identity: client\r\n";
        Assert.StartsWith("HTTP/1.1 403", await AskAsync(other, "/a", Spoofed), StringComparison.Ordinal);

        // The same, asked of the control plane.
        var may = await CheckAsync(mesh, 0, "--from", "client", "--to", "hello", "--path", "/b/x");
        Assert.True(may.GetProperty("allowed").GetBoolean());
        var mayNot = await CheckAsync(mesh, 1, "--from", "other", "--to", "hello", "--path", "/b/x");
        Assert.Equal("default/only", mayNot.GetProperty("workloads")[0].GetProperty("policy").GetString());
        var text = await mesh.RunAsync("authz", "check", "--from", "other", "--to", "hello", "--path", "/a");
        Assert.Contains("default/only", text.Output, StringComparison.Ordinal);

        // What denies comes first; what is audited only counts; nothing is allowed by a policy without rules.
        mesh.Write(Text(
            Policy("all", "rules: [{}]"), Policy("not-a", "action: deny, rules: [{to: [{paths: [/a]}]}]")));
        await AnswersAsync(other, "/b", "200");
        await AnswersAsync(client, "/a", "403");
        Assert.Contains("x-banyan-denied-by: default/not-a\r\n", await AskAsync(client, "/a"), StringComparison.Ordinal);
        mesh.Write(Text(Policy("dry", "mode: audit, rules: []")));
        await AnswersAsync(client, "/a", "200");
        await AnswersAsync(other, "/x", "200");
        mesh.Write(Text(Policy("nothing", "rules: []")));
        await AnswersAsync(client, "/a", "403");
        await AnswersAsync(client, "/healthz", "403");
        mesh.Write(Text());
        await AnswersAsync(client, "/a", "200");
    }

    private static string Text(params string[] policies) =>
        MeshText.Of([MeshText.Client, Other, MeshText.Workload("hello", "v1"), .. policies]);

    private static string Policy(string name, string spec) =>
        $$"""
        {apiVersion: banyan.dev/v1alpha1, kind: AuthorizationPolicy, metadata: {name: {{name}} }, spec: {selector: {service: hello}, {{spec}} } }
        """;

    private static async Task<int> WayInAsync(UpMesh mesh, string name)
    {
        var process = (await mesh.ProcessesAsync()).Single(each => each.GetProperty("name").GetString() == name);
        return new Uri(process.GetProperty("outbound").GetString()!).Port;
    }

    private static async Task<JsonElement> CheckAsync(UpMesh mesh, int exitCode, params string[] arguments)
    {
        var result = await mesh.RunAsync(["authz", "check", .. arguments, "--output", "json"]);
        Assert.True(result.ExitCode == exitCode, $"{result}");
        return JsonDocument.Parse(result.Output).RootElement;
    }

    private static Task AnswersAsync(int port, string path, string status) => Eventually.TrueAsync(
        async () => (await AskAsync(port, path)).StartsWith($"HTTP/1.1 {status}", StringComparison.Ordinal),
        $"{path} is answered {status}",
        Deadline);

    private static async Task<string> AskAsync(int port, string path, string fields = "")
    {
        using var client = await RawConnection.ConnectAsync(port);
        await client.SendAsync(string.Create(
            CultureInfo.InvariantCulture, $"GET {path} HTTP/1.1\r\nHost: hello\r\n{fields}Connection: close\r\n\r\n"));
        return await client.ReadUntilAsync("\r\n\r\n");
    }
}
