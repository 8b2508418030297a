using System.Globalization;
using System.Text.Json;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Up;

/// <summary>From traffic to least-privilege policies, and no policy that forgets a caller of the last day.</summary>
public sealed class SuggestTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private static string Other { get; } = MeshText.Client.Replace("name: client", "name: other", StringComparison.Ordinal);

    [Fact]
    public async Task WhatIsSuggestedIsAppliedAndWhatForgetsACallerIsNot()
    {
        await using var mesh = await UpMesh.StartAsync(MeshText.Of(MeshText.Client, Other, MeshText.Workload("hello", "v1")), "--mtls", "on");
        var (client, other) = (mesh.WayIn, await WayInAsync(mesh, "other/0 sidecar"));
        foreach (var port in (int[])[client, other])
        {
            await AnswersAsync(port, "200");
            for (var i = 0; i < 15; i++)
            {
                Assert.StartsWith("HTTP/1.1 200", await AskAsync(port), StringComparison.Ordinal);
            }
        }

        var suggestion = await Eventually.GetAsync(
            async () => (await mesh.RunAsync("authz", "suggest", "--service", "hello")).Output,
            text => text.Contains("default/client", StringComparison.Ordinal) && text.Contains("default/other", StringComparison.Ordinal),
            "both callers are reported",
            Deadline);
        Assert.Contains("methods: [\"GET\"]", suggestion, StringComparison.Ordinal);
        mesh.Folder.Write("suggested.yaml", suggestion);
        await ExitsAsync(mesh, 0, "apply", "suggested.yaml", "--dry-run");
        await ExitsAsync(mesh, 0, "apply", "suggested.yaml");
        await AnswersAsync(client, "200");
        await AnswersAsync(other, "200");
        Assert.True((await ExitsAsync(mesh, 0, "authz", "check", "--from", "other", "--to", "hello")).Contains("default/suggested-hello", StringComparison.Ordinal));

        // What asks for what nobody did is denied now, and that is not in the way of the next change.
        await AnswersAsync(other, "403", "DELETE");

        mesh.Folder.Write(
            "forgets.yaml",
            """
            {apiVersion: banyan.dev/v1alpha1, kind: AuthorizationPolicy, metadata: {name: suggested-hello},
             spec: {selector: {service: hello}, rules: [{from: [{serviceAccounts: [client]}]}]}}
            """);
        foreach (var dry in (string[][])[[], ["--dry-run"]])
        {
            var refused = await ExitsAsync(mesh, 1, ["apply", "forgets.yaml", .. dry]);
            Assert.Contains(
                "default/suggested-hello would deny spiffe://banyan.local/ns/default/sa/other -> hello.default:80 GET:", refused, StringComparison.Ordinal);
            Assert.DoesNotContain("sa/client", refused, StringComparison.Ordinal);
        }

        await AnswersAsync(other, "200");
        Assert.Contains("sa/other", await ExitsAsync(mesh, 0, "apply", "forgets.yaml", "--force"), StringComparison.Ordinal);
        await AnswersAsync(other, "403");
        await AnswersAsync(client, "200");

        // As JSON, for programs.
        var json = await mesh.JsonAsync("authz", "suggest", "--service", "hello", "--since", "1d", "--audit");
        Assert.Equal("hello.default", Assert.Single(json.GetProperty("services").EnumerateArray()).GetProperty("service").GetString());
        Assert.Equal(1, (await mesh.RunAsync("authz", "suggest", "--service", "nobody")).ExitCode);
        Assert.Equal(2, (await mesh.RunAsync("authz", "check")).ExitCode);
    }

    private static async Task<string> ExitsAsync(UpMesh mesh, int code, params string[] arguments)
    {
        var result = await mesh.RunAsync(arguments);
        Assert.True(result.ExitCode == code, $"{string.Join(' ', arguments)}: {result}");
        return result.Output + result.Error;
    }

    private static async Task<int> WayInAsync(UpMesh mesh, string name)
    {
        var process = (await mesh.ProcessesAsync()).Single(each => each.GetProperty("name").GetString() == name);
        return new Uri(process.GetProperty("outbound").GetString()!).Port;
    }

    private static Task AnswersAsync(int port, string status, string method = "GET") => Eventually.TrueAsync(
        async () => (await AskAsync(port, method)).StartsWith($"HTTP/1.1 {status}", StringComparison.Ordinal),
        $"{method} is answered {status}",
        Deadline);

    private static async Task<string> AskAsync(int port, string method = "GET")
    {
        using var client = await RawConnection.ConnectAsync(port);
        await client.SendAsync(string.Create(
            CultureInfo.InvariantCulture, $"{method} / HTTP/1.1\r\nHost: hello\r\nConnection: close\r\n\r\n"));
        return await client.ReadUntilAsync("\r\n\r\n");
    }
}
