namespace Banyan.Mesh.Tests.DataPlane;

/// <summary>How bytes are cut into the pieces that are sent one after the other.</summary>
internal static class Pieces
{
    /// <summary>Messages longer than this are cut coarsely: each piece costs a round.</summary>
    public const int Long = 2000;

    private const int Coarse = 1021;

    /// <summary>All in one.</summary>
    public static IReadOnlyList<string> Whole(string text) => [text];

    /// <summary>Every byte by itself (a long text in pieces of a prime number of bytes).</summary>
    public static IReadOnlyList<string> Bytes(string text)
    {
        var size = text.Length > Long ? Coarse : 1;
        return [.. text.Chunk(size).Select(piece => new string(piece))];
    }

    /// <summary>In two pieces, one way for each place where this text can be cut (a long text: as <see cref="Bytes"/>).</summary>
    public static IEnumerable<Func<string, IReadOnlyList<string>>> EverySplit(string like)
    {
        if (like.Length > Long)
        {
            yield return Bytes;
            yield break;
        }

        for (var i = 1; i < like.Length; i++)
        {
            var at = i;
            yield return text => [text[..at], text[at..]];
        }
    }
}
