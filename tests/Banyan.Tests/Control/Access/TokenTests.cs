using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using Banyan.Control.Api;
using Banyan.Control.Tokens;
using Banyan.Testing;
using Banyan.Tests.Proxy;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Banyan.Tests.Control.Access;

public sealed class TokenTests
{
    [Fact]
    public async Task AnAdminTokenWritesOverTcpUnderItsName()
    {
        await using var control = await TestControl.StartAsync();
        var token = await CreateAsync(control, "ci", "admin");
        using var http = Tcp(control, token.Token);
        using var applied = await ApplyAsync(http, "?by=somebody");
        Assert.True(applied.IsSuccessStatusCode, await applied.Content.ReadAsStringAsync());
        var history = (await http.GetFromJsonAsync("/api/v1/history", ApiJson.Default.HistoryDocument))!;
        Assert.Equal(("ci", "tcp"), (history.Items[0].By, history.Items[0].Via));
    }

    [Fact]
    public async Task AReadOnlyTokenReadsAndNothingElse()
    {
        await using var control = await TestControl.StartAsync();
        var token = await CreateAsync(control, "dashboard", "read-only");
        using var http = Tcp(control, token.Token);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/api/v1/status")).StatusCode);
        using var refused = await ApplyAsync(http);
        var problem = await TestControl.ProblemAsync(refused, HttpStatusCode.Forbidden);
        Assert.Contains("read-only", problem.Detail, StringComparison.Ordinal);
        using var listed = await http.GetAsync("/api/v1/tokens");
        await TestControl.ProblemAsync(listed, HttpStatusCode.Forbidden);
        Assert.Equal(0, (await control.StatusAsync()).Objects);
    }

    [Theory]
    [InlineData("Bearer banyan_000000000000_00")]
    [InlineData("Bearer x")]
    [InlineData("Bearer ")]
    [InlineData("Basic YTpi")]
    public async Task WhatIsNoTokenIsRefusedEverywhere(string header)
    {
        await using var control = await TestControl.StartAsync();
        using var http = Tcp(control, null);
        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", header);
        using var read = await http.GetAsync("/api/v1/status");
        await TestControl.ProblemAsync(read, HttpStatusCode.Unauthorized);
        Assert.Equal("Bearer", read.Headers.WwwAuthenticate.Single().Scheme);
        using var written = await ApplyAsync(http);
        await TestControl.ProblemAsync(written, HttpStatusCode.Unauthorized);
        Assert.Equal(0, (await control.StatusAsync()).Objects);
    }

    [Fact]
    public async Task ARevokedTokenCountsNoMore()
    {
        await using var control = await TestControl.StartAsync();
        var token = await CreateAsync(control, "ci", "admin");
        var other = await CreateAsync(control, "other", "admin");
        using var http = Tcp(control, token.Token);
        using var revoked = await control.Api.DeleteAsync($"/api/v1/tokens/{token.Id}");
        Assert.Equal(HttpStatusCode.NoContent, revoked.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/api/v1/status")).StatusCode);
        Assert.Equal([other.Id], (await ListAsync(control)).Select(each => each.Id));
        using var twice = await control.Api.DeleteAsync($"/api/v1/tokens/{token.Id}");
        await TestControl.ProblemAsync(twice, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task TokensSurviveARestartAndTheirTextIsNowhere()
    {
        await using var first = await TestControl.StartAsync();
        var token = await CreateAsync(first, "ci", "admin");
        Assert.All(await ListAsync(first), each => Assert.Null(each.Token));
        var second = await first.RestartAsync();
        using (var http = Tcp(second, token.Token))
        {
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/api/v1/status")).StatusCode);
        }

        await second.Plane.DisposeAsync();
        second.Api.Dispose();
        var secret = token.Token!.Split('_')[2];
        foreach (var file in Directory.GetFiles(first.Folder["state"]))
        {
            Assert.DoesNotContain(secret, Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file)), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("", "name")]
    [InlineData("name=x&role=king", "role")]
    [InlineData("name=x&expiresIn=0", "expiresIn")]
    public async Task WrongOrdersAreRefusedWithTheParameter(string query, string field)
    {
        await using var control = await TestControl.StartAsync();
        using var response = await control.Api.PostAsync("/api/v1/tokens?" + query, null);
        var problem = await TestControl.ProblemAsync(response, HttpStatusCode.BadRequest);
        Assert.Equal(field, Assert.Single(problem.Problems!).Field);
        Assert.Empty(await ListAsync(control));
    }

    [Fact]
    public void ATokenCountsUntilItsTimeIsUp()
    {
        var time = new ManualTime();
        var (token, text) = TokenText.Create("x", Token.Admin, "me", time.GetUtcNow(), TimeSpan.FromHours(1));
        var tokens = System.Collections.Immutable.ImmutableDictionary<string, Token>.Empty.Add(token.Id, token);
        Assert.Equal(token, TokenText.Find(tokens, text, time.GetUtcNow()));
        Assert.Null(TokenText.Find(tokens, text[..^1] + (text[^1] == '0' ? '1' : '0'), time.GetUtcNow()));
        Assert.Null(TokenText.Find(tokens, $"banyan_{token.Id}_{token.Hash}", time.GetUtcNow()));
        Assert.DoesNotContain(text.Split('_')[2], $"{token}", StringComparison.Ordinal);
        time.Advance(TimeSpan.FromHours(1));
        Assert.Null(TokenText.Find(tokens, text, time.GetUtcNow()));
    }

    [Fact]
    public async Task EveryWriteHasAnEntryInTheAuditTrail()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Service("f")));
        await control.AppliedAsync(Texts.Service("a"), "&reason=why");
        using var deleted = await control.Api.DeleteAsync("/api/v1/resources/service/default/a?by=me");
        using var back = await control.Api.PostAsync("/api/v1/rollback?revision=2&by=me", null);
        using var registered = await control.Api.PutAsync("/api/v1/registrations/default/s/10.0.0.1%3A80?by=me", new StringContent("{}"));
        using var maintained = await control.Api.PostAsync("/api/v1/services/default/s/maintenance?on=true&by=me", null);
        using var deregistered = await control.Api.DeleteAsync("/api/v1/registrations/default/s/10.0.0.1%3A80?by=me");
        await control.RegisterAsync(Texts.Instance("one-v1", "one", 20400));
        using var ended = await control.Api.DeleteAsync("/api/v1/instances/default/one-v1/0?by=me");
        var token = await CreateAsync(control, "ci", "admin");
        using var revoked = await control.Api.DeleteAsync($"/api/v1/tokens/{token.Id}?by=me");

        // What was refused, or changes nothing, is no write.
        using var refused = await control.ApplyAsync("kind: [");
        await control.AppliedAsync(Texts.Service("a"));
        var audit = (await control.Api.GetFromJsonAsync("/api/v1/audit", ApiJson.Default.AuditDocument))!;
        Assert.Equal(
            ["token revoke", "token create", "end", "run", "deregister", "maintenance", "register", "rollback", "delete", "apply", "files"],
            audit.Items.Select(item => item.Verb));
        Assert.All(audit.Items, item => Assert.True(item.Revision > 0 || item.Target.Length > 0, item.Verb));
        Assert.Equal("why", audit.Items[^2].Reason);
    }

    internal static async Task<TokenEntry> CreateAsync(TestControl control, string name, string role)
    {
        using var response = await control.Api.PostAsync($"/api/v1/tokens?name={name}&role={role}&by=me", null);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync(ApiJson.Default.TokenEntry))!;
    }

    internal static HttpClient Tcp(TestControl control, string? token)
    {
        var http = new HttpClient { BaseAddress = new Uri($"http://{control.Plane.ApiEndPoint}") };
        http.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return http;
    }

    private static async Task<IReadOnlyList<TokenEntry>> ListAsync(TestControl control) =>
        (await control.Api.GetFromJsonAsync("/api/v1/tokens", ApiJson.Default.TokenList))!.Items;

    private static Task<HttpResponseMessage> ApplyAsync(HttpClient http, string query = "") =>
        http.PostAsync("/api/v1/apply" + query, new StringContent(Texts.Service("a"), Encoding.UTF8, "text/yaml"));
}
