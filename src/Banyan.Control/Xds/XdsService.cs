using System.Buffers;
using System.IO.Pipelines;
using Banyan.Control.Identity;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Xds;

/// <summary>
/// gRPC over Kestrel's HTTP/2: one reader and one writer for each stream. A stream whose peer does not read holds
/// up its own writer and nobody else.
/// </summary>
/// <remarks>
/// Dispose it before the server stops: every stream then ends with UNAVAILABLE, and the peer comes back at once.
/// Kestrel closes a connection as soon as its last handler has returned, and a peer that finds the end of the
/// connection right behind the end of the stream may lose the status: so who was told may hang up first.
/// </remarks>
internal sealed class XdsService(XdsHub hub, ILogger log, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(2);
    /// <summary>
    /// So long a stream waits for a control plane that starts. One that stays unready would look like one that has
    /// nothing new: its proxies would not turn to another.
    /// </summary>
    private static readonly TimeSpan ReadyTime = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan HangUpTime = TimeSpan.FromMilliseconds(500);

    private static readonly StreamFault Stopping =
        new(GrpcStatusCode.Unavailable, "the control plane is stopping");

    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // The open streams, and one for the service itself until it is disposed.
    private int _open = 1;

    /// <summary>Ends every stream; returns when their last bytes have left, or after two seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        Leave();
        try
        {
            await _drained.Task.WaitAsync(DrainTime, time);
        }
        catch (TimeoutException)
        {
            // A peer that reads nothing; its connection ends with the listener.
        }

        // Not disposed: a stream that is stuck still holds its token, and the source has no timer to give back.
    }

    /// <summary>Serves one request of the xDS listener.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method) || !GrpcTrailers.IsGrpc(context.Request.ContentType))
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        context.Response.ContentType = GrpcTrailers.ContentType;
        if (!Serves(context.Request.Path.Value))
        {
            Refuse(
                context.Response,
                GrpcStatusCode.Unimplemented,
                "only AggregatedDiscoveryService is served: StreamAggregatedResources and DeltaAggregatedResources");
            return;
        }

        if (!await IsReadyAsync(context.RequestAborted))
        {
            Refuse(
                context.Response,
                GrpcStatusCode.Unavailable,
                "this control plane has not read its sources yet; its status says what it waits for");
            return;
        }

        Interlocked.Increment(ref _open);
        try
        {
            var stream = Open(context.Request.Path.Value);
            stream.Guard = ProxyGate.GuardOf(context);
            await StreamAsync(context, stream);
        }
        finally
        {
            Leave();
        }
    }

    private static bool Serves(string? path) =>
        path is GrpcTrailers.DeltaAggregatedResources or GrpcTrailers.StreamAggregatedResources;

    /// <summary>An answer without body: the status travels in the header block.</summary>
    private static void Refuse(HttpResponse response, GrpcStatusCode status, string message)
    {
        response.Headers[GrpcTrailers.Status] = GrpcTrailers.FormatStatus(status);
        response.Headers[GrpcTrailers.Message] = GrpcTrailers.EncodeMessage(message);
    }

    private async Task<bool> IsReadyAsync(CancellationToken aborted)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(aborted, _stopping.Token);
        try
        {
            await hub.Opened.WaitAsync(ReadyTime, time, ended.Token);
            return true;
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }

    private XdsStream Open(string? path) =>
        path == GrpcTrailers.DeltaAggregatedResources ? hub.Open() : hub.OpenWorld();

    private async Task StreamAsync(HttpContext context, XdsStream stream)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, _stopping.Token, stream.Guard?.Ended ?? CancellationToken.None);
        try
        {
            // The head leaves at once: some clients do not send before they have it.
            await context.Response.StartAsync(context.RequestAborted);
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
            var writing = WriteAsync(stream, context.Response.BodyWriter, ended);
            var fault = await ReadAsync(stream, context.Request.BodyReader, ended.Token, writing);
            await ended.CancelAsync();
            await writing;
            if (fault is not null)
            {
                Log.StreamFault(log, stream.Node, fault.Status.ToString(), fault.Message);
            }

            End(context.Response, fault);
            await context.Response.CompleteAsync();
            if (fault == Stopping)
            {
                await HangUpAsync(context);
            }
        }
        catch (Exception exception) when (IsHangUp(exception))
        {
            Log.StreamEnded(log, stream.Node);
        }
        catch (Exception exception)
        {
            Log.StreamFailed(log, stream.Node, exception);
            context.Abort();
        }
        finally
        {
            hub.Close(stream);
        }
    }

    /// <summary>Waits for the peer to end its side, or to go; not for long.</summary>
    private async Task HangUpAsync(HttpContext context)
    {
        using var patience = new CancellationTokenSource(HangUpTime, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, context.RequestAborted);
        while (await context.Request.BodyReader.ReadAsync(ended.Token) is { IsCompleted: false } result)
        {
            context.Request.BodyReader.AdvanceTo(result.Buffer.End);
        }
    }

    private static void End(HttpResponse response, StreamFault? fault)
    {
        response.AppendTrailer(GrpcTrailers.Status, GrpcTrailers.FormatStatus(fault?.Status ?? GrpcStatusCode.Ok));
        if (fault is not null)
        {
            response.AppendTrailer(GrpcTrailers.Message, GrpcTrailers.EncodeMessage(fault.Message));
        }
    }

    private static bool IsHangUp(Exception exception) =>
        exception is OperationCanceledException or IOException or ConnectionResetException or ObjectDisposedException;

    private static StreamFault? Read(XdsStream stream, ref ReadOnlySequence<byte> buffer)
    {
        while (true)
        {
            var status = GrpcFrame.TryRead(ref buffer, out var message);
            switch (status)
            {
                case GrpcFrameStatus.Incomplete:
                    return null;
                case GrpcFrameStatus.TooLong:
                    return new StreamFault(
                        GrpcStatusCode.ResourceExhausted,
                        $"a message is longer than {GrpcFrame.MaxMessageLength} bytes");
                case GrpcFrameStatus.Compressed:
                    return new StreamFault(GrpcStatusCode.Unimplemented, "compressed messages are not accepted");
                case GrpcFrameStatus.Malformed:
                    return new StreamFault(GrpcStatusCode.Internal, "the message prefix is malformed");
            }

            if (stream.Accept(message) is { } fault)
            {
                return fault;
            }
        }
    }

    private async Task<StreamFault?> ReadAsync(
        XdsStream stream, PipeReader reader, CancellationToken ended, Task writing)
    {
        try
        {
            while (true)
            {
                var result = await reader.ReadAsync(ended);
                var buffer = result.Buffer;
                if (Read(stream, ref buffer) is { } fault)
                {
                    return fault;
                }

                reader.AdvanceTo(buffer.Start, buffer.End);
                if (result.IsCompleted)
                {
                    return null;
                }
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return Stopping;
        }
        catch (OperationCanceledException) when (stream.Guard?.Reason is { } refusal)
        {
            return new StreamFault(refusal.Status, refusal.Message);
        }
        catch (OperationCanceledException)
        {
            // Where it is the writer's fault, that is to be told.
            await writing;
            throw;
        }
    }

    private async Task WriteAsync(XdsStream stream, PipeWriter writer, CancellationTokenSource ending)
    {
        var ended = ending.Token;
        try
        {
            await using var registration = ended.UnsafeRegister(
                static signal => ((AsyncSignal)signal!).Set(), stream.Signal);
            while (!ended.IsCancellationRequested)
            {
                await stream.Signal.WaitAsync();
                while (stream.Write(writer))
                {
                    var flushed = await writer.FlushAsync(ended);
                    if (flushed.IsCompleted)
                    {
                        return;
                    }
                }
            }
        }
        catch (Exception exception) when (IsHangUp(exception))
        {
            // The reader sees the same end and says so.
        }
        catch
        {
            // A stream that is read and never written to would be trusted for ever.
            await ending.CancelAsync();
            throw;
        }
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _open) == 0)
        {
            _drained.TrySetResult();
        }
    }
}
