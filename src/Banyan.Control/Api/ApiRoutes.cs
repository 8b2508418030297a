using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Banyan.Control.Api;

/// <summary>The whole API on one page.</summary>
internal static class ApiRoutes
{
    /// <summary>Maps every address.</summary>
    public static void Map(
        IEndpointRouteBuilder routes,
        StatusEndpoint status,
        ResourcesEndpoint resources,
        ApplyEndpoint apply,
        InstancesEndpoint instances,
        TrafficEndpoint traffic)
    {
        const string Instance = "/api/v1/instances/{namespace}/{workload}/{replica}";

        routes.MapGet("/ready", status.ReadyAsync);
        routes.MapGet("/api/v1/status", status.StatusAsync);
        routes.MapPost("/api/v1/files/accept-removal", status.AcceptRemovalAsync);

        routes.MapGet("/api/v1/resources/{kind}", resources.ListAsync);
        routes.MapPost("/api/v1/apply", apply.ApplyAsync);
        routes.MapDelete("/api/v1/resources/{kind}/{namespace}/{name}", apply.DeleteAsync);

        routes.MapGet("/api/v1/instances", instances.ListAsync);
        routes.MapPut(Instance, instances.PutAsync);
        routes.MapDelete(Instance, instances.DeleteAsync);

        routes.MapGet("/api/v1/traffic", traffic.GetAsync);
    }
}
