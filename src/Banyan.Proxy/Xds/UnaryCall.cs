using Banyan.Proxy.Http2;
using Banyan.Proxy.Reactor;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Google.Protobuf;

namespace Banyan.Proxy.Xds;

/// <summary>A call of gRPC with one message each way. Lives on one event loop.</summary>
internal sealed class UnaryCall : IGrpcEvents
{
    private readonly GrpcStream _stream;
    private readonly IMessage _request;
    private byte[]? _answer;

    private UnaryCall(ReactorContext context, Http2Client client, string path, IMessage request)
    {
        _request = request;
        _stream = new GrpcStream(context, client.Open(), path, this, single: true);
    }

    /// <summary>The answer, or why there is none, and whether asking again would bring the same.</summary>
    /// <param name="context">The thread it lives on.</param>
    /// <param name="client">Has room for a stream.</param>
    /// <param name="control">Whose authority is asked.</param>
    /// <param name="path">The method.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="parser">Reads the answer.</param>
    /// <param name="deadline">Milliseconds of the loop's clock.</param>
    internal static async ReactorTask<(T? Answer, string Problem, bool IsFinal)> Make<T>(
        ReactorContext context,
        Http2Client client,
        Uri control,
        string path,
        IMessage request,
        MessageParser<T> parser,
        long deadline)
        where T : class, IMessage<T>
    {
        if (!client.HasRoom)
        {
            return (null, $"{control.Authority} closed the connection", false);
        }

        var call = new UnaryCall(context, client, path, request);
        var time = new Gate(context.Loop);
        call.Limit(time, deadline).Forget();
        var (_, reason) = await call._stream.Run(control);
        time.Open(Wait.Cancelled);
        if (call._stream.Status != GrpcStatusCode.Ok || call._answer is not { } bytes)
        {
            var isFinal = call._stream.Status
                is GrpcStatusCode.InvalidArgument or GrpcStatusCode.PermissionDenied or GrpcStatusCode.Unauthenticated;
            return (null, context.Loop.NowMs >= deadline ? $"{control.Authority} did not answer in time" : reason, isFinal);
        }

        try
        {
            return (parser.ParseFrom(bytes), "", false);
        }
        catch (Exception error) when (Unreadable.Is(error))
        {
            return (null, $"{control.Authority} answered what cannot be read: {error.Message}", false);
        }
    }

    void IGrpcEvents.Opened() => _stream.Send(_request);

    void IGrpcEvents.Confirmed()
    {
    }

    void IGrpcEvents.Received(byte[] message) => _answer ??= message;

    private async ReactorTask Limit(Gate time, long deadline)
    {
        if (await time.Until(deadline) == Wait.TimedOut)
        {
            _stream.Cancel();
        }
    }
}
