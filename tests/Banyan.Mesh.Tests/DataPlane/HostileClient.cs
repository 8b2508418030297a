using System.Globalization;
using System.Net.Sockets;
using Banyan.Testing;
using Banyan.Testing.Hostile;
using Banyan.Wire.Http1;
using Xunit;

namespace Banyan.Mesh.Tests.DataPlane;

/// <summary>Says one refused row of the table to the proxy, a valid request right behind it, and judges what came of it.</summary>
/// <param name="row">What is said.</param>
/// <param name="cut">How it is cut.</param>
/// <param name="number">Of this client: its path, so that the backend's connections can be told apart.</param>
internal sealed class HostileClient(HostileCase row, Func<string, IReadOnlyList<string>> cut, int number) : IDisposable
{
    private const string Refused = "POST /refused ";
    private const string Start = "POST /";
    private const int Digits = 7;

    private readonly IReadOnlyList<string> _pieces = cut(Numbered(row.Text, number));
    private RawConnection? _connection;

    /// <summary>Pieces, the follower among them.</summary>
    public int Rounds => _pieces.Count + 1;

    /// <summary>What a backend may see of it.</summary>
    public BackendSees Sees => row.Sees;

    public async Task ConnectAsync(HostileMesh mesh) => _connection = await mesh.ConnectAsync();

    /// <summary>Sends the piece of that round; a connection that the proxy has closed takes no more.</summary>
    public async Task SendAsync(int round)
    {
        if (round >= Rounds)
        {
            return;
        }

        try
        {
            await _connection!.SendAsync(round == _pieces.Count ? HostileCase.Follower : _pieces[round]);
        }
        catch (SocketException)
        {
            // It was refused, and closed after that.
        }
    }

    /// <summary>Exactly one answer, the table's, and the end.</summary>
    public async Task ExpectRefusalAsync()
    {
        var said = await _connection!.ReadToEndAsync();
        Assert.True(said.StartsWith($"HTTP/1.1 {row.Status} ", StringComparison.Ordinal), $"{Name}: {said}");
        Assert.True(said.Split("HTTP/1.1 ").Length == 2, $"{Name}: two answers: {said}");
        Assert.Contains("\r\nconnection: close\r\n", said, StringComparison.Ordinal);
    }

    /// <summary>The backend saw the head and what stood before the fault, and no end of a body.</summary>
    public void ExpectAllowedPrefix(IReadOnlyDictionary<int, string> seen)
    {
        var body = row.Text[ChunkedText.BodyStart(row.Text)..];
        var (least, most) = Allowed();
        if (!seen.TryGetValue(number, out var said) || said.Length == 0)
        {
            Assert.True(least == 0, $"{Name}: the backend saw nothing");
            return;
        }

        Assert.Equal(1, said.Split("HTTP/1.1\r\n").Length - 1);
        var arrived = said[ChunkedText.BodyStart(said)..];
        Assert.True(body.StartsWith(arrived, StringComparison.Ordinal), $"{Name}: the backend saw {arrived}");
        Assert.True(arrived.Length >= least && arrived.Length <= most, $"{Name}: {arrived.Length} bytes, not {least} to {most}");
        var (step, _) = ChunkedText.Judge(arrived);
        Assert.True(step is not (ChunkStep.End or ChunkStep.Malformed), $"{Name}: {step}: the backend saw {arrived}");
    }

    public void Dispose() => _connection?.Dispose();

    /// <summary>The number of the client whose request this is.</summary>
    public static int NumberOf(string request) =>
        int.Parse(request.AsSpan(Start.Length, Digits), NumberStyles.None, CultureInfo.InvariantCulture);

    private string Name => $"{row.Name} in {_pieces.Count} pieces";

    /// <summary>The path by which a backend's connection is known, as long as the one it replaces.</summary>
    private static string Numbered(string text, int number) => text.StartsWith(Refused, StringComparison.Ordinal)
        ? string.Create(CultureInfo.InvariantCulture, $"{Start}{number:d7} {text[Refused.Length..]}")
        : text;

    /// <summary>Body bytes that a backend may see at least and at most: the pieces before the one with the fault are
    /// forwarded; of that one the part before the fault, if it is read in two goes.</summary>
    private (int Least, int Most) Allowed()
    {
        var head = ChunkedText.BodyStart(row.Text);
        var fault = ChunkedText.FaultIn(row.Text);
        var before = 0;
        foreach (var piece in _pieces.TakeWhile(piece => before + piece.Length <= fault))
        {
            before += piece.Length;
        }

        var least = Math.Max(0, before - head);
        return (least, row.Text.Length > Pieces.Long ? fault - head : least);
    }
}
