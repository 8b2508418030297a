using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Banyan.Control.Api;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Control.Store;

/// <summary>The program is killed in the middle of writing, again and again.</summary>
public sealed class CrashTests(PostgresServer server) : IClassFixture<PostgresServer>
{
    private const int Writes = 200;
    private const int Kills = 10;
    private const int Kill = 9;

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public async Task NoAcknowledgedWriteIsLostAndNoneIsHalfApplied(bool onPostgres, int seed)
    {
        using var folder = new TempFolder("crash");
        var store = onPostgres ? PostgresServer.NewName() : null;
        if (store is not null)
        {
            await server.CreateAsync(store);
        }

        var random = new Random(seed);
        HashSet<int> fatal = [];
        while (fatal.Count < Kills)
        {
            fatal.Add(random.Next(Writes));
        }

        HashSet<int> acknowledged = [];
        var control = await StartAsync(folder, store);
        try
        {
            for (var write = 0; write < Writes; write++)
            {
                using var api = UnixSocketClient.Create(folder["state/control.sock"]);
                var sent = ApplyAsync(api, write);
                if (!fatal.Contains(write))
                {
                    Assert.True(await sent, $"write {write}\n{control.Error}");
                    acknowledged.Add(write);
                    continue;
                }

                // Anywhere between the sending and some time after the answer.
                await Task.Delay(TimeSpan.FromMicroseconds(random.Next(8000)), TimeProvider.System);
                control.Signal(Kill);
                await control.EndAsync();
                await control.DisposeAsync();
                if (await sent)
                {
                    acknowledged.Add(write);
                }

                control = await StartAsync(folder, store);
            }

            using var last = UnixSocketClient.Create(folder["state/control.sock"]);
            await JudgeAsync(last, acknowledged);
        }
        finally
        {
            await control.DisposeAsync();
        }
    }

    private static async Task JudgeAsync(HttpClient api, HashSet<int> acknowledged)
    {
        using var document = JsonDocument.Parse(await api.GetStringAsync("/api/v1/resources/services"));
        var names = document.RootElement.GetProperty("items").EnumerateArray()
            .Select(item => item.GetProperty("metadata").GetProperty("name").GetString()!).ToHashSet(StringComparer.Ordinal);
        Assert.All(acknowledged, write => Assert.Contains($"a{write}", names));
        Assert.All(Enumerable.Range(0, Writes), write => Assert.Equal(names.Contains($"a{write}"), names.Contains($"b{write}")));
        Assert.True(acknowledged.Count >= Writes - Kills, $"{acknowledged.Count}");

        // The history agrees: a revision for each write that is there, with both objects, and no number is missing.
        var history = (await api.GetFromJsonAsync("/api/v1/history?limit=500", ApiJson.Default.HistoryDocument))!;
        Assert.Equal(names.Count / 2, history.Items.Count);
        Assert.Equal(Enumerable.Range(1, history.Items.Count).Reverse().Select(number => (long)number), history.Items.Select(item => item.Revision));
        Assert.All(history.Items, item => Assert.Equal(2, item.Changes.Count));
        Assert.Equal(history.Items.Count, history.Revision);
    }

    private static async Task<bool> ApplyAsync(HttpClient api, int write)
    {
        try
        {
            using var response = await api.PostAsync("/api/v1/apply?by=test", new StringContent(
                Texts.Service($"a{write}") + Texts.Service($"b{write}"), Encoding.UTF8, "text/yaml"));
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task<TestProcess> StartAsync(TempFolder folder, string? store)
    {
        string[] arguments = ["control", "--state", folder["state"], "--xds", "127.0.0.1:0", "--api", "127.0.0.1:0"];
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["BANYAN_STORE"] = store is null ? null : server.Address(store),
        };
        var control = TestProcess.Start(Repository.Cli, arguments, environment, folder.Path);
        await Eventually.TrueAsync(() => control.HasExited || control.OutputLines.Count > 0, "it is ready");
        Assert.False(control.HasExited, control.Error);
        return control;
    }
}
