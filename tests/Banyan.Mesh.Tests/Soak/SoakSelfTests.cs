using System.Text;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Soak;

/// <summary>A soak that cannot fail proves nothing: what it judges by is tested by itself.</summary>
public sealed class SoakSelfTests
{
    private const long Number = 4711;

    [Theory]
    [InlineData(0, 100)]
    [InlineData(3, 5)]
    [InlineData(13, 10_000)]
    public void EachWrongByteIsFound(int offset, int size)
    {
        var bytes = new byte[size];
        SoakBytes.Fill(bytes, Number, offset);
        SoakBytes.Check(bytes, Number, offset, "whole");
        for (var i = 0; i < size; i += Math.Max(1, size / 50))
        {
            bytes[i] ^= 1;
            var error = Assert.Throws<WrongByteException>(() => SoakBytes.Check(bytes, Number, offset, "spoiled"));
            Assert.StartsWith($"spoiled: byte {offset + i} ", error.Message, StringComparison.Ordinal);
            bytes[i] ^= 1;
        }
    }

    [Theory]
    [InlineData(nameof(SoakProtocol.Http1))]
    [InlineData(nameof(SoakProtocol.Http2))]
    [InlineData(nameof(SoakProtocol.Grpc))]
    [InlineData(nameof(SoakProtocol.WebSocket))]
    [InlineData(nameof(SoakProtocol.WebSocketHttp2))]
    [InlineData(nameof(SoakProtocol.Tcp))]
    public async Task ClientsComplainOfWhatIsSpoiledOrBrokenAndOfNothingElse(string name)
    {
        var protocol = Enum.Parse<SoakProtocol>(name);
        var ledger = new SoakLedger();
        await using var backend = new SoakBackend(ledger, seed: 1);
        await backend.StartAsync();
        var port = protocol switch
        {
            SoakProtocol.Http1 or SoakProtocol.WebSocket => backend.Http1Port,
            SoakProtocol.Tcp => backend.TcpPort,
            _ => backend.Http2Port,
        };
        await using (var good = new ChaosRelay(ledger, protocol, "good", port))
        {
            await RunAsync(good, () => ledger.Whole(protocol) >= 10);
        }

        Assert.Empty(ledger.Complaints);
        await using (var spoiling = new ChaosRelay(ledger, protocol, "spoiling", port) { Spoils = true })
        {
            await RunAsync(spoiling, () => ledger.Complaints.Count > 0);
        }

        // It tells somebody else that it breaks connections.
        var before = ledger.Complaints.Count;
        await using var silent = new ChaosRelay(new SoakLedger(), protocol, "silent", port);
        await RunAsync(silent, () =>
        {
            silent.Break(new Random(1), reset: true);
            return ledger.Complaints.Count > before;
        });

        async Task RunAsync(ChaosRelay relay, Func<bool> enough)
        {
            using var stop = new CancellationTokenSource();
            using var client = SoakClient.Some(ledger, protocol, relay.Port, seed: 1, count: 1).Single();
            var load = client.RunAsync(stop.Token);
            // What is spoiled may be the length of a chunk: then only the client's patience, a minute, ends the wait,
            // also for the exchange that began last.
            var patience = TimeSpan.FromSeconds(120);
            await Eventually.TrueAsync(enough, $"{protocol} through a relay\n{ledger}", patience);
            await stop.CancelAsync();
            await Eventually.WithinAsync(load, "the end of what was under way", patience);
        }
    }

    [Fact]
    public void PortionsAreOfOnePiece()
    {
        var whole = new byte[1000];
        SoakBytes.Fill(whole, Number, 0);
        for (var size = 1; size < 40; size++)
        {
            for (var at = 0; at + size <= whole.Length; at += size)
            {
                SoakBytes.Check(whole.AsSpan(at, size), Number, at, "portion");
            }
        }
    }

    [Fact]
    public void TheLastIdIsReadHoweverTheBytesAreCut()
    {
        var (first, second) = (new SoakExchange(SoakProtocol.Http1, 17, default), new SoakExchange(SoakProtocol.Http1, 0xabcdef, default));
        var text = Encoding.ASCII.GetBytes(
            $"GET / HTTP/1.1\r\n{SoakExchange.IdField}: {first.IdText}\r\n\r\nGET / HTTP/1.1\r\n{SoakExchange.IdField}: {second.IdText}\r\n\r\n");
        for (var size = 1; size <= text.Length; size++)
        {
            var scanner = new IdScanner();
            for (var at = 0; at < text.Length; at += size)
            {
                scanner.Take(text.AsSpan(at, Math.Min(size, text.Length - at)));
            }

            Assert.Equal(second.Id, scanner.Last);
        }
    }

    [Fact]
    public void AFailureNeedsACause()
    {
        var ledger = new SoakLedger();
        ledger.Broke(SoakProtocol.Tcp, "a break", new HashSet<long> { 1_000_000 });
        ledger.Failed(ledger.Begin(SoakProtocol.Tcp), "somebody else's connection broke");
        ledger.Failed(ledger.Begin(SoakProtocol.Http2), "another protocol's did");
        Assert.Equal(2, ledger.Complaints.Count);
    }

    [Theory]
    [InlineData(3, true)]
    [InlineData(30, false)]
    public void AFailureIsHeardOfWhenItsClientHasSaidAll(int secondsAfter, bool isExplained)
    {
        var now = TimeSpan.Zero;
        var ledger = new SoakLedger(() => now);
        var exchange = ledger.Begin(SoakProtocol.Http1);
        ledger.Broke(SoakProtocol.Http1, "a break", new HashSet<long> { 1_000_000 });
        now += TimeSpan.FromSeconds(40);
        ledger.Listens(exchange);
        now += TimeSpan.FromSeconds(secondsAfter);
        ledger.Failed(exchange, "gone");
        Assert.Equal(isExplained, ledger.Complaints.Count == 0);
    }

    [Fact]
    public void ItsOwnBreakExplainsAFailure()
    {
        var ledger = new SoakLedger();
        var (broken, shared) = (ledger.Begin(SoakProtocol.WebSocket), ledger.Begin(SoakProtocol.Grpc));
        ledger.Broke(SoakProtocol.WebSocket, "a break", new HashSet<long> { broken.Id });
        ledger.Broke(SoakProtocol.Grpc, "a break", ids: null);
        ledger.Failed(broken, "gone");
        ledger.Failed(shared, "gone");
        Assert.Empty(ledger.Complaints);
    }

    [Fact]
    public void FewSessionsMayBeRefusedByABusyServer()
    {
        var ledger = new SoakLedger();
        for (var i = 0; i < 6; i++)
        {
            ledger.Failed(ledger.Begin(SoakProtocol.WebSocketHttp2), "HttpRequestException 503 reset-before-headers");
        }

        Assert.Single(ledger.Complaints);
        ledger.Failed(ledger.Begin(SoakProtocol.Http2), "HttpRequestException 503 reset-before-headers");
        Assert.Equal(2, ledger.Complaints.Count);
    }

    [Fact]
    public void NothingExplainsAWrongByteOrAHang()
    {
        var ledger = new SoakLedger();
        var exchange = ledger.Begin(SoakProtocol.Http1);
        ledger.Broke(SoakProtocol.Http1, "a break", new HashSet<long> { exchange.Id });
        ledger.Wrong(exchange, "byte");
        ledger.Hung(exchange);
        Assert.Equal(2, ledger.Complaints.Count);
    }
}
