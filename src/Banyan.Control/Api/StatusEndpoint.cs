using Banyan.Control.Keys;
using Banyan.Control.Store;
using Banyan.Control.Store.Persistence;
using Banyan.Control.Xds;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>GET /api/v1/status, GET /ready, and the word that lets a removal take effect.</summary>
internal sealed class StatusEndpoint(
    ConfigStore store, XdsHub hub, FileIntake intake, IDatabase database, KeySetKeeper keys)
{
    private static readonly string Version =
        typeof(StatusEndpoint).Assembly.GetName().Version?.ToString(3) ?? "0";

    /// <summary>The state of the control plane and of every proxy.</summary>
    public Task StatusAsync(HttpContext context)
    {
        var view = store.View;
        return Reply.JsonAsync(context, new StatusDocument(
            Version,
            view.Revision,
            view.IsReady,
            view.Sources,
            [.. hub.Nodes().Select(Proxy)],
            view.Objects.Count,
            [.. view.Warnings.Select(warning => warning.ToString())],
            new StoreStatus(database.Name, view.StoreProblem),
            keys.Status), ApiJson.Default.StatusDocument);
    }

    /// <summary>Whether every source finished its first load.</summary>
    public Task ReadyAsync(HttpContext context)
    {
        var view = store.View;
        if (view.IsReady)
        {
            context.Response.ContentType = "text/plain";
            return context.Response.WriteAsync("ready\n", context.RequestAborted);
        }

        if (view.Awaited is { } awaited)
        {
            return Reply.ProblemAsync(context, StatusCodes.Status503ServiceUnavailable,
                $"the store has not been read yet: {awaited}");
        }

        var waiting = view.Sources.Where(source => source.State != "ok")
            .Select(source => source.Problems.Count == 0
                ? $"{source.Path} is {source.State}"
                : $"{source.Path}: {source.Problems[0].Message}");
        return Reply.ProblemAsync(context, StatusCodes.Status503ServiceUnavailable,
            "not every source has loaded: " + string.Join("; ", waiting));
    }

    /// <summary>Lets the removal of a file take effect.</summary>
    public async Task AcceptRemovalAsync(HttpContext context)
    {
        var path = context.Request.Query["path"].ToString();
        if (path.Length == 0)
        {
            throw new BadParameterException("path", "is missing: the file, or its folder");
        }

        var origin = Caller.Origin(context, "accept removal");
        var (problems, changes) = await store.ChangeAsync<RemovalOutcome>(state =>
        {
            var result = intake.AcceptRemoval(state, path, origin);
            return _ => result;
        });
        if (problems is null)
        {
            await Reply.ProblemAsync(context, StatusCodes.Status404NotFound, $"no removal of {path} is held", "path");
        }
        else if (problems.Count > 0)
        {
            await Reply.ProblemAsync(
                context, StatusCodes.Status422UnprocessableEntity, problems[0].Message, problems);
        }
        else
        {
            await Reply.JsonAsync(
                context, new ApplyResult([.. changes.Select(ChangedObject.Of)], []), ApiJson.Default.ApplyResult);
        }
    }

    private static ProxyStatus Proxy(NodeReport node) => new(
        node.Id,
        node.Streams > 0,
        node.Since,
        node.Streams > 0 && node.Report is { Synced: true },
        node.Report?.Acked.ToDictionary(
            pair => pair.Key.Word(),
            pair => new AckedType(pair.Value.Version, pair.Value.Count),
            StringComparer.Ordinal)
            ?? [],
        node.Report?.LastNack is { } nack
            ? new NackEntry(nack.Type.Word(), nack.Resource, nack.Message, nack.At)
            : null,
        node.Streams);
}
