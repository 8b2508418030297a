using Banyan.Proxy.Http;
using Banyan.Proxy.Reactor;

namespace Banyan.Proxy.Forward;

/// <summary>What the proxy says itself: failures and direct responses.</summary>
internal static class Answer
{
    private const long RestMs = 50;

    internal static async ReactorTask Failure(Exchange x, Failure failure)
    {
        var row = failure.Row();
        if (row.Status != 0 && x.IsGrpc && x.Answered)
        {
            // The head is out, the status comes at the end anyway.
            x.GrpcStatus = row.GrpcStatus;
            x.ClientStream!.Connection.SendTrailers(x.ClientStream, row.GrpcTrailers);
            return;
        }

        if (row.Status == 0 || x.Answered)
        {
            // Too late to say anything: a reset is the only honest end.
            x.CloseClient = true;
            x.ResetClient = true;
            return;
        }

        await Rest(x);
        if (x.IsGrpc)
        {
            Call(x, row);
            return;
        }

        x.LeavesBytes = LeavesBytes(x) || row.Status is 400 or 408 or 431;
        x.CloseClient |= x.LeavesBytes;
        x.Status = row.Status;
        x.Answered = true;
        if (!await Begin(x, failure))
        {
            x.CloseClient = true;
        }
    }

    /// <summary>Lets the end of a request arrive that is on its way by HTTP/2: some clients lose an answer that comes before they
    /// have sent everything (curl 7.88). A long body gets no credit and is not waited for;
    /// the end of a CONNECT comes when everything is over.</summary>
    private static async ReactorTask Rest(Exchange x)
    {
        if (x.ClientStream is not { } stream || x.Uploading || x.Request.Upgrade)
        {
            return;
        }

        var deadline = x.Worker.Loop.NowMs + RestMs;
        while (!stream.EndReceived && !stream.IsReset && await stream.Readable(deadline) == Wait.Ready)
        {
            // It stays with the stream.
        }
    }

    /// <summary>A call hears of it in a status, trailers only; HTTP says 200.</summary>
    private static void Call(Exchange x, FailureRow row)
    {
        x.Status = 200;
        x.GrpcStatus = row.GrpcStatus;
        x.Answered = true;
        var length = ResponseWriter.WriteCall(x, row, x.Worker.Scratch);
        x.ClientStream!.Connection.SendHead(x.ClientStream, x.Worker.Scratch.AsSpan(0, length), end: true, request: false);
    }

    internal static async ReactorTask Direct(Exchange x)
    {
        await Rest(x);
        x.LeavesBytes = LeavesBytes(x);
        x.CloseClient |= x.LeavesBytes;
        x.Status = x.Route!.Status;
        x.Answered = true;
        if (!await BeginDirect(x))
        {
            x.CloseClient = true;
        }
    }

    /// <summary>A body that was not read stands between this request and the next one.</summary>
    private static bool LeavesBytes(Exchange x)
    {
        if (x.ClientStream is not null)
        {
            return false;
        }

        if (x.Client.In is null || x.Request.Length == 0)
        {
            return true;
        }

        x.BeginBody();
        return !x.RequestBody.Done || x.RequestBody.Malformed;
    }

    private static ReactorTask<bool> Begin(Exchange x, Failure failure)
    {
        var length = ResponseWriter.WriteAnswer(x, failure, x.Worker.Scratch, out var head);
        return Send.Answer(x, x.Worker.Scratch.AsSpan(0, length), head);
    }

    private static ReactorTask<bool> BeginDirect(Exchange x)
    {
        var length = ResponseWriter.WriteDirect(x, x.Worker.Scratch, out var head);
        return Send.Answer(x, x.Worker.Scratch.AsSpan(0, length), head);
    }
}
