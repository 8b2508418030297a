using System.IO.Pipelines;
using Banyan.Control.Identity;
using Banyan.Control.Store.Persistence;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Google.Protobuf;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Reports;

/// <summary>Takes the reports of proxies, one stream each, and acknowledges what is safe.</summary>
/// <remarks>
/// Dispose it before the server stops: the streams end, and proxies tell what was not acknowledged once more.
/// </remarks>
internal sealed class ReportService(EdgeStore store, ILogger log) : IDisposable
{
    /// <summary>Of one report; what a sidecar sends has a tenth of it.</summary>
    private const int MostBytes = 4 * 1024 * 1024;

    private const int LongestLoggedNode = 200;

    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Whether a request of the xDS listener is for this service.</summary>
    public static bool Serves(HttpContext context) => context.Request.Path.Value == GrpcTrailers.StreamEdges
        && HttpMethods.IsPost(context.Request.Method) && GrpcTrailers.IsGrpc(context.Request.ContentType);

    /// <summary>Serves one stream.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var guard = ProxyGate.GuardOf(context);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, _stopping.Token, guard?.Ended ?? CancellationToken.None);
        var (status, message) = (GrpcStatusCode.Ok, "");
        try
        {
            context.Response.ContentType = GrpcTrailers.ContentType;
            await context.Response.StartAsync(ended.Token);
            await context.Response.BodyWriter.FlushAsync(ended.Token);
            (status, message) = await ServeAsync(
                context.Request.BodyReader, context.Response.BodyWriter, guard, ended.Token);
        }
        catch (StoreFailedException exception)
        {
            // The store said why; the proxy tells it again.
            (status, message) = (GrpcStatusCode.Unavailable, exception.Message);
        }
        catch (Exception exception) when (exception
            is OperationCanceledException or IOException or ConnectionResetException or ObjectDisposedException)
        {
            if (_stopping.IsCancellationRequested)
            {
                (status, message) = (GrpcStatusCode.Unavailable, "the control plane is stopping");
            }
            else if (guard?.Reason is { } refusal)
            {
                (status, message) = (refusal.Status, refusal.Message);
            }
            else
            {
                return;
            }
        }

        context.Response.AppendTrailer(GrpcTrailers.Status, GrpcTrailers.FormatStatus(status));
        if (message.Length > 0)
        {
            context.Response.AppendTrailer(GrpcTrailers.Message, GrpcTrailers.EncodeMessage(message));
        }

        await context.Response.CompleteAsync();
    }

    /// <inheritdoc />
    public void Dispose() => _stopping.Cancel();

    private async Task<(GrpcStatusCode Status, string Message)> ServeAsync(
        PipeReader reader, PipeWriter writer, NodeGuard? guard, CancellationToken ended)
    {
        while (true)
        {
            var result = await reader.ReadAsync(ended);
            var buffer = result.Buffer;
            var status = GrpcFrame.TryRead(ref buffer, out var message, MostBytes);
            if (status == GrpcFrameStatus.Incomplete)
            {
                reader.AdvanceTo(buffer.Start, buffer.End);
                if (result.IsCompleted)
                {
                    return (GrpcStatusCode.Ok, "");
                }

                continue;
            }

            if (status != GrpcFrameStatus.Complete)
            {
                return (GrpcStatusCode.InvalidArgument, $"not a message of gRPC: {status}");
            }

            EdgeReport report;
            try
            {
                report = EdgeReport.Parser.ParseFrom(message);
            }
            catch (Exception exception) when (Unreadable.Is(exception))
            {
                return (GrpcStatusCode.InvalidArgument, $"not an EdgeReport: {exception.Message}");
            }

            reader.AdvanceTo(buffer.Start);
            if (ReportCheck.Problem(report) is { } problem)
            {
                Log.Refused(log, report.Node[..Math.Min(report.Node.Length, LongestLoggedNode)], problem);
                return (GrpcStatusCode.InvalidArgument, problem);
            }

            if (guard?.Problem(report.Node) is { } refusal)
            {
                return (refusal.Status, refusal.Message);
            }

            await store.AddAsync(report, ended);
            Acknowledge(report, writer);
            await writer.FlushAsync(ended);
        }
    }

    private static void Acknowledge(EdgeReport report, PipeWriter writer)
    {
        var ack = new EdgeReportAck { Epoch = report.Epoch, Sequence = report.Sequence };
        var size = ack.CalculateSize();
        var span = writer.GetSpan(GrpcFrame.PrefixLength + size);
        GrpcFrame.WritePrefix(span, size);
        ack.WriteTo(span.Slice(GrpcFrame.PrefixLength, size));
        writer.Advance(GrpcFrame.PrefixLength + size);
    }
}
