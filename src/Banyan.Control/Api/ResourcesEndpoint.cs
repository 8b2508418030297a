using System.Buffers;
using System.Text.Json;
using Banyan.Control.Store;
using Banyan.Model;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>GET /api/v1/resources/{kind}.</summary>
internal sealed class ResourcesEndpoint(ConfigStore store)
{
    /// <summary>The objects of a kind, with their status and owner.</summary>
    public async Task ListAsync(HttpContext context)
    {
        if (KindInfo.Find((string)context.Request.RouteValues["kind"]!) is not { } kind)
        {
            await UnknownKindAsync(context);
            return;
        }

        var space = context.Request.Query["namespace"].ToString();
        var name = context.Request.Query["name"].ToString();
        var view = store.View;
        var isPublic = !Access.Of(context).IsAdmin;
        var items = view.Objects.Where(pair => pair.Key.Kind == kind.Kind
                && (space.Length == 0 || pair.Key.Namespace == space)
                && (name.Length == 0 || pair.Key.Name == name))
            .OrderBy(pair => pair.Key);
        var buffer = new ArrayBufferWriter<byte>();
        await using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("items");
            foreach (var (key, item) in items)
            {
                Write(
                    writer,
                    isPublic ? PublicView.Of(item.Object) : item.Object,
                    item.Owner,
                    view.Statuses.GetValueOrDefault(key));
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        await Reply.JsonAsync(context, buffer.WrittenMemory);
    }

    /// <summary>Says which kinds there are.</summary>
    public static Task UnknownKindAsync(HttpContext context) => Reply.ProblemAsync(
        context,
        StatusCodes.Status404NotFound,
        $"there is no kind \"{context.Request.RouteValues["kind"]}\"; there are "
            + string.Join(", ", KindInfo.All.Where(kind => kind.IsSupported).Select(kind => kind.Plural)),
        "kind");

    private static void Write(Utf8JsonWriter writer, MeshObject item, string owner, ObjectStatus? status)
    {
        using var document = JsonDocument.Parse(ObjectWriter.ToJson(item, status));
        writer.WriteStartObject();
        foreach (var property in document.RootElement.EnumerateObject())
        {
            property.WriteTo(writer);
        }

        writer.WriteString("owner", owner);
        writer.WriteEndObject();
    }
}
