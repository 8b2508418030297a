using System.Globalization;
using System.Net.Sockets;
using Banyan.Testing;
using Banyan.Testing.Hostile;
using Xunit;
using Cut = System.Func<string, System.Collections.Generic.IReadOnlyList<string>>;

namespace Banyan.Mesh.Tests.DataPlane;

/// <summary>Every malformed answer of the table over sockets: 502 or a cut, its connection dropped, nothing behind it passed on.</summary>
public sealed class HostileResponseTests(ITestOutputHelper output)
{
    /// <summary>What a backend says right behind a malformed answer; no client may ever get it.</summary>
    private const string Smuggled = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nSMUGGLED";

    private const string ChunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

    /// <summary>Exchanges at a time: below the limits of a destination.</summary>
    private const int Batch = 400;

    [Fact]
    public Task InOnePieceItBecomes502() => RefusedAsync(HostileCases.RefusedResponses.Select(row => (row, (Cut)Pieces.Whole)));

    [Fact]
    public Task ByteByByteItBecomes502OrACut() => RefusedAsync(HostileCases.RefusedResponses.Select(row => (row, (Cut)Pieces.Bytes)));

    [Fact]
    [Trait("Category", "Soak")]
    public Task SplitAtEveryByteItBecomes502OrACut() =>
        RefusedAsync(HostileCases.RefusedResponses.SelectMany(row => Pieces.EverySplit(row.Text).Select(cut => (row, cut))));

    private async Task RefusedAsync(IEnumerable<(HostileCase Row, Cut Cut)> said)
    {
        using var backend = new HostileBackend();
        await using var mesh = await HostileMesh.StartAsync(backend.Address);
        var number = 0;
        foreach (var batch in said.Chunk(Batch))
        {
            var talks = new List<Talk>();
            try
            {
                foreach (var (row, cut) in batch)
                {
                    talks.Add(await Talk.BeginAsync(row, cut(row.Text), mesh, backend, number++));
                }

                await RefusedAsync(talks, mesh, backend);
            }
            finally
            {
                talks.ForEach(talk => talk.Dispose());
            }
        }

        output.WriteLine($"{number} malformed answers");
    }

    private static async Task RefusedAsync(List<Talk> talks, HostileMesh mesh, HostileBackend backend)
    {
        for (var round = 0; round < talks.Max(talk => talk.Rounds); round++)
        {
            foreach (var talk in talks)
            {
                await talk.SendAsync(round);
            }

            await mesh.ReadByProxyAsync();
        }

        foreach (var talk in talks)
        {
            await talk.ExpectRefusalAsync(backend);
        }
    }

    /// <summary>One client and the connection of the backend that answers it.</summary>
    private sealed class Talk(
        HostileCase row, IReadOnlyList<string> pieces, RawConnection client, RawConnection server, int number) : IDisposable
    {
        public int Rounds => pieces.Count + 1;

        public static async Task<Talk> BeginAsync(
            HostileCase row, IReadOnlyList<string> pieces, HostileMesh mesh, HostileBackend backend, int number)
        {
            var path = Path("row", number);
            var client = await mesh.ConnectAsync();
            await client.SendAsync($"{row.Method} {path} HTTP/1.1\r\nHost: {HostileCases.Host}\r\n\r\n");
            return new Talk(row, pieces, client, await backend.AskedForAsync(path), number);
        }

        public async Task SendAsync(int round)
        {
            try
            {
                if (round < Rounds)
                {
                    await server.SendAsync(round == pieces.Count ? Smuggled : pieces[round]);
                }
            }
            catch (SocketException)
            {
                // The proxy has dropped the connection.
            }
        }

        public async Task ExpectRefusalAsync(HostileBackend backend)
        {
            // The proxy hangs up without another request.
            await server.ExpectClosedAsync();
            if (HeadPassed)
            {
                await ExpectCutAsync();
            }
            else
            {
                await Expect502Async(backend);
            }
        }

        public void Dispose()
        {
            client.Dispose();
            server.Dispose();
        }

        /// <summary>The head went to the client, because a piece ended behind it and before the fault in the body.</summary>
        private bool HeadPassed
        {
            get
            {
                if (!row.Text.StartsWith(ChunkedHead, StringComparison.Ordinal))
                {
                    return false;
                }

                var fault = ChunkedText.FaultIn(row.Text);
                var end = 0;
                return row.Text.Length > Pieces.Long
                    || pieces.Any(piece => (end += piece.Length) >= ChunkedHead.Length && end <= fault);
            }
        }

        private static string Path(string what, int number) => string.Create(CultureInfo.InvariantCulture, $"/{what}/{number}");

        private async Task Expect502Async(HostileBackend backend)
        {
            var answer = await client.ReadResponseAsync(row.Method == "HEAD");
            Assert.True(answer.Status == 502, $"{row.Name}: {answer}");
            Assert.Equal("malformed-response", answer["x-banyan-error"]);

            // The client's connection goes on, on another connection of the backend.
            var path = Path("next", number);
            await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: {HostileCases.Host}\r\n\r\n");
            using var next = await backend.AskedForAsync(path);
            await next.SendAsync("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nfine");
            Assert.Equal("fine", (await client.ReadResponseAsync()).Body);
        }

        private async Task ExpectCutAsync()
        {
            var said = await client.ReadToEndAsync();
            Assert.True(said.StartsWith("HTTP/1.1 200 OK\r\n", StringComparison.Ordinal), $"{row.Name}: {said}");
            Assert.False(said.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal), $"{row.Name}: looks whole: {said}");
            Assert.DoesNotContain("SMUGGLED", said, StringComparison.Ordinal);
            Assert.Equal(2, said.Split("HTTP/1.1 ").Length);
        }
    }
}
