using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;

namespace Banyan.Mesh.Tests.Soak;

/// <summary>
/// Streams of gRPC, by its framing alone: the client sends messages, and the server answers each with as many as it asks for, while
/// further ones come. One message with many answers is a server's stream, many with one each are a bidirectional one.
/// </summary>
internal static class SoakGrpc
{
    public const string ContentType = "application/grpc";

    private const int PrefixBytes = 5, HeadBytes = 12;
    private const int MostMessages = 40, MostAnswers = 8, MostBytes = 30_000;

    /// <summary>The server's half.</summary>
    public static async Task ServeAsync(HttpContext context, long id, SoakPace pace)
    {
        var stop = context.RequestAborted;
        var response = context.Response;
        response.ContentType = ContentType;
        response.DeclareTrailer("grpc-status");
        var answers = 0;
        await response.StartAsync(stop);
        for (var index = 0; await ReadAsync(context.Request.Body, SoakStream.Upload(id), index, stop) is { } asked; index++)
        {
            for (var i = 0; i < asked.Answers; i++, answers++)
            {
                await response.Body.WriteAsync(Message(SoakStream.Download(id), answers, new Asked(0, 0, asked.Size)), stop);
            }

            await response.Body.FlushAsync(stop);
            await pace.PauseAsync(stop);
        }

        response.AppendTrailer("grpc-status", "0");
    }

    /// <summary>The client's half: a call from its begin to its status.</summary>
    public static async Task CallAsync(HttpClient client, Random random, SoakExchange exchange, CancellationToken stop)
    {
        var asked = Enumerable.Range(0, random.Next(1, MostMessages))
            .Select(_ => new Asked(random.Next(MostAnswers), random.Next(MostBytes), random.Next(MostBytes))).ToList();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/soak.Streams/Both")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new Messages(SoakStream.Upload(exchange.Id), asked, SoakPace.Of(random), stop),
        };
        request.Headers.Add(SoakExchange.IdField, exchange.IdText);
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new HttpRequestException($"{(int)response.StatusCode}");
        }

        var pace = SoakPace.Of(random);
        var body = await response.Content.ReadAsStreamAsync(stop);
        var answers = 0;
        while (await ReadAsync(body, SoakStream.Download(exchange.Id), answers, stop) is not null)
        {
            answers++;
            await pace.PauseAsync(stop);
        }

        // An answer of a proxy's own has its status among the fields of the head.
        var status = response.TrailingHeaders.TryGetValues("grpc-status", out var trailer) ? trailer.First()
            : response.Headers.TryGetValues("grpc-status", out var field) ? field.First()
            : throw new WrongByteException("a call ended in order without a status");
        if (status != "0")
        {
            throw new HttpRequestException($"grpc-status {status}");
        }

        if (answers != asked.Sum(message => message.Answers))
        {
            throw new WrongByteException($"{answers} messages instead of {asked.Sum(message => message.Answers)}");
        }
    }

    /// <summary>Prefix, place, answers and their size, then bytes.</summary>
    private static byte[] Message(long number, int index, Asked asked)
    {
        var bytes = new byte[PrefixBytes + HeadBytes + asked.Bytes];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(1), HeadBytes + asked.Bytes);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(PrefixBytes), index);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(PrefixBytes + 4), asked.Answers);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(PrefixBytes + 8), asked.Size);
        SoakBytes.Fill(bytes.AsSpan(PrefixBytes + HeadBytes), number, (long)index * MostBytes);
        return bytes;
    }

    /// <summary>The next message; null at the end of the stream.</summary>
    private static async Task<Asked?> ReadAsync(Stream stream, long number, int index, CancellationToken stop)
    {
        var head = new byte[PrefixBytes + HeadBytes];
        var count = await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, stop);
        if (count == 0)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1)) - HeadBytes;
        if (count < head.Length || length is < 0 or > MostBytes || BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(PrefixBytes)) != index)
        {
            throw new WrongByteException($"no head of message {index}: {Convert.ToHexString(head, 0, count)}");
        }

        var bytes = new byte[length];
        if (await stream.ReadAtLeastAsync(bytes, length, throwOnEndOfStream: false, stop) != length)
        {
            throw new WrongByteException($"message {index} ended in order before its time");
        }

        SoakBytes.Check(bytes, number, (long)index * MostBytes, $"message {index}");
        return new Asked(
            BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(PrefixBytes + 4)), BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(PrefixBytes + 8)), length);
    }

    /// <param name="Answers">Messages it wants to be answered with.</param>
    /// <param name="Size">Of how many bytes.</param>
    /// <param name="Bytes">How many it has itself.</param>
    private sealed record Asked(int Answers, int Size, int Bytes);

    /// <summary>Sends one message after the other, each at once.</summary>
    private sealed class Messages : HttpContent
    {
        private readonly long _number;
        private readonly List<Asked> _asked;
        private readonly SoakPace _pace;
        private readonly CancellationToken _stop;

        public Messages(long number, List<Asked> asked, SoakPace pace, CancellationToken stop)
        {
            (_number, _asked, _pace, _stop) = (number, asked, pace, stop);
            Headers.ContentType = new MediaTypeHeaderValue(ContentType);
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            foreach (var (index, asked) in _asked.Index())
            {
                await stream.WriteAsync(Message(_number, index, asked), _stop);
                await stream.FlushAsync(_stop);
                await _pace.PauseAsync(_stop);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
