using System.Buffers;
using System.Net;
using System.Text.Json;
using Banyan.Control.Store;
using Banyan.Model;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>Registration of instances by who runs them.</summary>
internal sealed class InstancesEndpoint(ConfigStore store, InstanceIntake intake, Action<string>? tell)
{
    private const int MaxPorts = 256;
    private const int MaxInstances = 20_000;

    /// <summary>All instances.</summary>
    public async Task ListAsync(HttpContext context)
    {
        var isPublic = !Access.Of(context).IsAdmin;
        var buffer = new ArrayBufferWriter<byte>();
        await using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("items");
            foreach (var (_, entry) in store.View.Instances.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                writer.WriteRawValue((isPublic ? PublicView.Of(entry.Instance) : entry.Instance).ToJson());
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        await Reply.JsonAsync(context, buffer.WrittenMemory);
    }

    /// <summary>Registers one, or confirms it. Answered when its listeners and endpoints are published.</summary>
    public async Task PutAsync(HttpContext context)
    {
        var text = await RequestBody.ReadAsync(context);
        WorkloadInstance instance;
        try
        {
            instance = WorkloadInstance.Parse(text);
        }
        catch (JsonException exception)
        {
            await Reply.NotJsonAsync(context, "a workload instance", exception);
            return;
        }

        var problems = Check(instance, NodeOf(context)).ToList();
        if (problems.Count > 0)
        {
            await Reply.ProblemAsync(
                context, StatusCodes.Status422UnprocessableEntity, problems[0].Message, problems);
            return;
        }

        var origin = Caller.Origin(context, "run");
        var done = await store.ChangeAsync<bool>(state =>
        {
            var isRoom = state.Instances.Count < MaxInstances || state.Instances.ContainsKey(instance.NodeId);
            if (isRoom)
            {
                intake.Put(state, instance, origin);
            }

            return _ => isRoom;
        });
        if (done)
        {
            tell?.Invoke(instance.NodeId);
        }

        await (done ? Reply.NothingAsync(context) : Reply.ProblemAsync(
            context, StatusCodes.Status507InsufficientStorage, $"more than {MaxInstances} instances"));
    }

    /// <summary>Removes one.</summary>
    public async Task DeleteAsync(HttpContext context)
    {
        var node = NodeOf(context);
        var origin = Caller.Origin(context, "end");
        var done = await store.ChangeAsync<bool>(state =>
        {
            var removed = intake.Remove(state, node, origin);
            return _ => removed;
        });
        await (done ? Reply.NothingAsync(context) : Reply.ProblemAsync(
            context, StatusCodes.Status404NotFound, $"there is no instance {node}", "replica"));
    }

    private static string NodeOf(HttpContext context)
    {
        var route = context.Request.RouteValues;
        return $"{route["namespace"]}/{route["workload"]}/{route["replica"]}";
    }

    private static IEnumerable<Problem> Check(WorkloadInstance instance, string node)
    {
        if (instance.NodeId != node)
        {
            yield return Wrong("workload", $"the body is instance {instance.NodeId}, the address says {node}");
        }

        if (instance.Replica < 0)
        {
            yield return Wrong("replica", "is counted from 0");
        }

        if (instance.Ports.Count > MaxPorts || instance.Upstreams.Count > MaxPorts)
        {
            yield return Wrong("ports", $"more than {MaxPorts}");
        }

        if (instance.Outbound.Length > 0 && !IsAddress(instance.Outbound))
        {
            yield return Wrong("outbound", NotAddress(instance.Outbound));
        }

        for (var i = 0; i < instance.Ports.Count; i++)
        {
            var port = instance.Ports[i];
            if (port.Service.Length == 0 || port.ServiceNamespace.Length == 0)
            {
                yield return Wrong($"ports[{i}].service", "names no service");
            }

            if (port.Port is < 1 or > 65535)
            {
                yield return Wrong($"ports[{i}].port", $"{port.Port} is not between 1 and 65535");
            }

            if (!IsAddress(port.App))
            {
                yield return Wrong($"ports[{i}].app", NotAddress(port.App));
            }

            if (!IsAddress(port.Inbound))
            {
                yield return Wrong($"ports[{i}].inbound", NotAddress(port.Inbound));
            }
        }

        for (var i = 0; i < instance.Upstreams.Count; i++)
        {
            if (!IsAddress(instance.Upstreams[i].Local))
            {
                yield return Wrong($"upstreams[{i}].local", NotAddress(instance.Upstreams[i].Local));
            }
        }
    }

    private static bool IsAddress(string text) => IPEndPoint.TryParse(text, out var parsed) && parsed.Port > 0;

    private static string NotAddress(string text) => $"\"{text}\" is not IP:PORT";

    private static Problem Wrong(string field, string message) => new("", 0, 0, field, message);
}
