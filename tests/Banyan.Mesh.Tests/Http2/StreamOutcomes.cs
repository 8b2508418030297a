using System.Globalization;
using System.Text;
using Banyan.Wire.Http2;

namespace Banyan.Mesh.Tests.Http2;

/// <summary>What a client hears on each of its streams.</summary>
internal sealed class StreamOutcomes(FramePeer peer)
{
    private readonly Dictionary<int, (string Head, StringBuilder Body, string? End)> _streams = [];

    /// <summary>Reads until the stream has ended: its status, then <c>reset CODE</c> when it was reset, or <c>closed</c>.</summary>
    public async Task<string> OfAsync(int stream)
    {
        while (Of(stream).End is null)
        {
            if (await peer.NextAsync() is not var (header, payload))
            {
                return Join(Of(stream).Head, "closed");
            }

            Take(header, payload);
        }

        var (head, _, end) = Of(stream);
        return Join(head, end!);
    }

    /// <summary>Head of the last response on the stream, as HTTP/1.1 text.</summary>
    public string Head(int stream) => Of(stream).Head;

    public string Body(int stream) => Of(stream).Body.ToString();

    private static string Join(string head, string end) =>
        string.Join(' ', new[] { head.Split(' ').ElementAtOrDefault(1) ?? "", end }.Where(part => part.Length > 0));

    private (string Head, StringBuilder Body, string? End) Of(int stream) =>
        _streams.TryGetValue(stream, out var found) ? found : ("", new StringBuilder(), null);

    private void Take(FrameHeader header, byte[] payload)
    {
        var (head, body, end) = Of(header.StreamId);
        switch (header.Type)
        {
            case FrameType.Headers when head.Length > 0 && !head.StartsWith("HTTP/1.1 1", StringComparison.Ordinal):
                // Trailers: nobody asks for them here, and the table stays in step.
                peer.DecodeTrailers(payload);
                break;
            case FrameType.Headers:
                head = peer.DecodeResponse(payload);
                break;
            case FrameType.Data:
                body.Append(Encoding.Latin1.GetString(payload));
                break;
            case FrameType.RstStream:
                end = string.Create(CultureInfo.InvariantCulture, $"reset {FramePeer.CodeOf(payload)}");
                break;
            default:
                return;
        }

        if (header.Type is FrameType.Headers or FrameType.Data && (header.Flags & FrameFlags.EndStream) != 0)
        {
            end = "";
        }

        _streams[header.StreamId] = (head, body, end);
    }
}
