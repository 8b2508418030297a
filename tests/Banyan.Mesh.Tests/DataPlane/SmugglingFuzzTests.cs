using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Banyan.Testing;
using Banyan.Testing.Hostile;
using Xunit;

namespace Banyan.Mesh.Tests.DataPlane;

/// <summary>Nearly valid requests through the proxy to servers that read them with parsers of their own: they must see the
/// requests that were forwarded, never one that was hidden in another.</summary>
/// <remarks>The proxy gives each request that it forwards a trace context of its own; a line of the server's log without one,
/// or with one that was logged before, is a request that nobody forwarded.</remarks>
[Trait("Category", "Fuzz")]
public sealed partial class SmugglingFuzzTests(ITestOutputHelper output)
{
    /// <summary>Connections at a time.</summary>
    private const int Batch = 200;

    /// <summary>Version, trace, span and flags with three dashes.</summary>
    private const int TraceLength = 55;

    [Theory]
    [InlineData("nginx")]
    [InlineData("haproxy")]
    public async Task AServerSeesWhatWasForwarded(string program)
    {
        await using var server = await LoggingServer.StartAsync(program);
        await using var mesh = await HostileMesh.StartAsync(server.Address);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var said = 0;
        await Fuzz.RunAsync(output.WriteLine, async random =>
        {
            await Task.WhenAll(Enumerable.Range(0, Batch).Select(_ => SayAsync(mesh, HostileMutator.NearlyValidRequest(random))));
            said += Batch;
            Check(server.NewLines(), seen);
        });
        await server.StopAsync();
        Check(server.NewLines(), seen);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{said} connections, {seen.Count} requests at {program}"));
        Assert.True(seen.Count > said / 10, "hardly anything was forwarded");
    }

    private static void Check(IEnumerable<string> lines, HashSet<string> seen)
    {
        foreach (var line in lines.Where(line => !Refused().IsMatch(line)))
        {
            var trace = line[..line.IndexOf(' ', StringComparison.Ordinal)];
            Assert.True(trace.Length == TraceLength && seen.Add(trace), $"not forwarded as a request: {line}");
        }
    }

    /// <summary>What a server refused before it read the fields: nginx the asterisk and methods that are not in
    /// capitals, haproxy what it calls a bad request. It answers 400 and closes, so nothing can follow.</summary>
    [GeneratedRegex(
        @"\A- 400 ""(?:<BADREQ>|OPTIONS \* HTTP/1\.1|(?![A-Z_-]+ )[!#$%&'*+.^_`|~0-9A-Za-z-]+ /\S* HTTP/1\.1)""\z",
        RegexOptions.None,
        10_000)]
    private static partial Regex Refused();

    private static async Task SayAsync(HostileMesh mesh, byte[] bytes)
    {
        using var client = await mesh.ConnectAsync();
        try
        {
            await client.SendAsync(bytes);
            await client.SendAsync(HostileCase.Follower);
            client.FinishSending();
        }
        catch (SocketException)
        {
            // Refused before all of it was sent.
        }

        await client.ReadToEndAsync();
    }
}
