using System.Text.Json;
using Banyan.Control.Registry;
using Banyan.Control.Store;
using Banyan.Model;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>Endpoints that register themselves, their heartbeats, and maintenance.</summary>
internal sealed class RegistryEndpoint(ConfigStore store, RegistryIntake intake, Leases leases, Action<string> pulse)
{
    /// <summary>GET /api/v1/registrations.</summary>
    public Task ListAsync(HttpContext context)
    {
        var items = store.View.Registrations.Values.OrderBy(item => item.Id, StringComparer.Ordinal);
        return Reply.JsonAsync(context, new RegistrationList([.. items]), ApiJson.Default.RegistrationList);
    }

    /// <summary>PUT /api/v1/registrations/…: registers an endpoint, or renews it.</summary>
    public async Task PutAsync(HttpContext context)
    {
        var text = await RequestBody.ReadAsync(context);
        RegistrationRequest? request;
        try
        {
            request = RegistryJson.Read<RegistrationRequest>(text.Length > 0 ? text : "{}");
        }
        catch (JsonException exception)
        {
            await Reply.NotJsonAsync(context, "a registration", exception);
            return;
        }

        var given = Given(context, request ?? new RegistrationRequest());
        var problems = RegistrationCheck.Check(given).ToList();
        if (problems.Count > 0)
        {
            await Reply.InvalidAsync(context, problems);
            return;
        }

        var origin = Caller.Origin(context, "register");
        var (item, isNew, wrong) = await store.ChangeAsync<(Registration?, bool, EquatableList<Problem>)>(state =>
        {
            var result = intake.Put(state, given, request?.Port, origin);
            return _ => result;
        });
        if (item is null)
        {
            await Reply.InvalidAsync(context, wrong);
            return;
        }

        Renew(item.Id);
        context.Response.StatusCode = isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        await Reply.JsonAsync(context, item, ApiJson.Default.Registration);
    }

    /// <summary>POST /api/v1/registrations/…/heartbeat: it still lives.</summary>
    public Task HeartbeatAsync(HttpContext context)
    {
        var id = IdOf(context);
        if (!store.View.Registrations.ContainsKey(id))
        {
            return UnknownAsync(context, id);
        }

        // Not by way of the writer: nothing that is compiled or stored changes.
        Renew(id);
        return Reply.NothingAsync(context);
    }

    /// <summary>DELETE /api/v1/registrations/…</summary>
    public async Task DeleteAsync(HttpContext context)
    {
        var id = IdOf(context);
        var origin = Caller.Origin(context, "deregister");
        var done = await store.ChangeAsync<bool>(state =>
        {
            var removed = intake.Remove(state, id, origin);
            return _ => removed;
        });
        leases.Forget(id);
        await (done ? Reply.NothingAsync(context) : UnknownAsync(context, id));
    }

    /// <summary>POST /api/v1/services/{namespace}/{service}/maintenance.</summary>
    public async Task MaintainAsync(HttpContext context)
    {
        var route = context.Request.RouteValues;
        if (QueryValues.Text(context, "on") is null)
        {
            throw new BadParameterException("on", "is missing: true or false");
        }

        var order = new MaintenanceOrder(
            (string)route["namespace"]!,
            (string)route["service"]!,
            QueryValues.Text(context, "version"),
            QueryValues.Text(context, "address"),
            QueryValues.Flag(context, "on"));
        var origin = Caller.Origin(context, "maintenance");
        var count = await store.ChangeAsync<int>(state =>
        {
            var concerned = intake.Maintain(state, order, origin);
            return _ => concerned;
        });
        if (count == 0)
        {
            await Reply.ProblemAsync(
                context,
                StatusCodes.Status404NotFound,
                $"nothing of {order.Namespace}/{order.Service} is registered that it could mean",
                "service");
            return;
        }

        await Reply.JsonAsync(context, new MaintenanceResult(count, order.On), ApiJson.Default.MaintenanceResult);
    }

    private static Registration Given(HttpContext context, RegistrationRequest request)
    {
        var route = context.Request.RouteValues;
        return new Registration
        {
            Namespace = (string)route["namespace"]!,
            Service = (string)route["service"]!,
            Address = (string)route["address"]!,
            Version = request.Version,
            Port = request.Port ?? 80,
            Protocol = request.Protocol,
            Owner = request.Owner,
            Tier = request.Tier,
            Ttl = request.Ttl ?? 0,
            Health = request.Health,
        };
    }

    private static string IdOf(HttpContext context)
    {
        var route = context.Request.RouteValues;
        return Registration.IdOf(
            (string)route["namespace"]!, (string)route["service"]!, (string)route["address"]!);
    }

    private static Task UnknownAsync(HttpContext context, string id) =>
        Reply.ProblemAsync(
            context, StatusCodes.Status404NotFound, $"{id} is not registered; register it again", "address");

    private void Renew(string id)
    {
        leases.Renew(id);
        pulse(id);
    }
}

/// <summary>Answer of GET /api/v1/registrations.</summary>
public sealed record RegistrationList(IReadOnlyList<Registration> Items);

/// <summary>Answer of POST …/maintenance.</summary>
/// <param name="Endpoints">How many endpoints are meant.</param>
/// <param name="On">Whether they are out of rotation now.</param>
public sealed record MaintenanceResult(int Endpoints, bool On);
