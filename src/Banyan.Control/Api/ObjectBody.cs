using Banyan.Control.Store;
using Banyan.Model;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>The objects that a request carries.</summary>
/// <param name="Name">What messages call the text.</param>
/// <param name="Objects">The objects, each once.</param>
/// <param name="Skipped">Kinds that were skipped, in words.</param>
internal sealed record ObjectBody(string Name, IReadOnlyList<MeshObject> Objects, IReadOnlyList<string> Skipped)
{
    private static readonly string[] Types =
        ["application/json", "application/yaml", "text/yaml", "application/x-yaml", "text/x-yaml", "text/plain"];

    /// <summary>Reads them; null when the request was answered with what is wrong.</summary>
    public static async Task<ObjectBody?> ReadAsync(
        HttpContext context, Func<MeshObject, IEnumerable<Problem>> forbidden)
    {
        var type = context.Request.ContentType?.Split(';')[0].Trim();
        if (type is not null && !Types.Contains(type, StringComparer.OrdinalIgnoreCase))
        {
            await Reply.ProblemAsync(context, StatusCodes.Status415UnsupportedMediaType,
                $"\"{type}\" is not read here; send text/yaml or application/json", "Content-Type");
            return null;
        }

        var text = await RequestBody.ReadAsync(context);
        var name = Caller.Named(context, "file", StoredObject.Api);
        var read = ConfigReader.Read(name, text);
        var problems = read.Problems.Concat(read.Objects.SelectMany(forbidden)).ToList();
        if (problems.Count == 0)
        {
            problems.AddRange(read.Objects.GroupBy(item => item.Key).SelectMany(group => group.Skip(1)).Select(
                item => new Problem(
                    item.File, item.Line, item.Column, "metadata.name", $"{item.Key} stands in this text twice")));
        }

        if (problems.Count > 0)
        {
            await Reply.InvalidAsync(context, problems);
            return null;
        }

        return new ObjectBody(
            name,
            [.. read.Objects.Select(StoredObject.Normalize)],
            [.. read.SkippedKinds.Select(skipped =>
                $"{name}: {skipped.Count} x {skipped.ApiVersion} {skipped.Kind} skipped: not read by Banyan")]);
    }
}
