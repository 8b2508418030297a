using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.WebUtilities;

namespace Banyan.Control.Api;

/// <summary>Describes the API in the form of OpenAPI 3.1. Pure.</summary>
internal static partial class OpenApiDocument
{
    private const string ProblemMedia = "application/problem+json";

    /// <summary>What any address may answer: a bad parameter, no right, too much at once, no database.</summary>
    private static readonly int[] EveryRefusal = [400, 401, 403, 429, 503];

    /// <summary>The document as UTF-8.</summary>
    public static ReadOnlyMemory<byte> Write(IReadOnlyList<ApiOperation> operations)
    {
        var schemas = new SortedDictionary<string, JsonNode>(StringComparer.Ordinal);
        var paths = new JsonObject();
        foreach (var group in operations.GroupBy(each => each.Path, StringComparer.Ordinal))
        {
            var path = new JsonObject();
            foreach (var operation in group)
            {
                path[operation.Method.ToLowerInvariant()] = Describe(operation, schemas);
            }

            paths[group.Key] = path;
        }

        Reference(typeof(ProblemDocument), schemas);
        var document = new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Banyan control plane",
                ["version"] = "v1",
                ["description"] = "Errors are problem documents (RFC 9457) that name the field.",
            },
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = new JsonObject(
                    schemas.Select(each => KeyValuePair.Create(each.Key, (JsonNode?)each.Value))),
                ["securitySchemes"] = new JsonObject
                {
                    ["token"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" },
                },
            },

            // Reading on the loopback listener needs no token.
            ["security"] = new JsonArray(new JsonObject { ["token"] = new JsonArray() }, new JsonObject()),
        };
        return JsonSerializer.SerializeToUtf8Bytes(document);
    }

    private static JsonObject Describe(ApiOperation operation, SortedDictionary<string, JsonNode> schemas)
    {
        var parameters = new JsonArray();
        foreach (Match name in InPath().Matches(operation.Path))
        {
            parameters.Add(Parameter(name.Groups["name"].Value, "path", "", isRequired: true));
        }

        foreach (var (name, meaning) in operation.Query)
        {
            parameters.Add(Parameter(name, "query", meaning, isRequired: false));
        }

        var answers = new JsonObject { [$"{operation.Success}"] = Success(operation, schemas) };
        foreach (var status in EveryRefusal.Concat(operation.Refusals).Distinct().Order())
        {
            answers[$"{status}"] = Answer(
                ReasonPhrases.GetReasonPhrase(status), ProblemMedia, Reference(typeof(ProblemDocument), schemas));
        }

        var described = new JsonObject
        {
            ["operationId"] = Id(operation),
            ["summary"] = operation.Summary,
            ["parameters"] = parameters,
            ["responses"] = answers,
        };
        if (operation.Body.Count > 0)
        {
            var content = new JsonObject();
            foreach (var media in operation.Body)
            {
                content[media] = new JsonObject
                {
                    ["schema"] = operation.BodyType is { } type ? Reference(type, schemas) : new JsonObject(),
                };
            }

            described["requestBody"] = new JsonObject { ["content"] = content };
        }

        return described;
    }

    private static JsonObject Success(ApiOperation operation, SortedDictionary<string, JsonNode> schemas) =>
        operation.Answer is { } type ? Answer("Success", "application/json", Reference(type, schemas))
        : operation.AnswerMedia is { } media ? Answer("Success", media, new JsonObject())
        : new JsonObject { ["description"] = "Success" };

    private static JsonObject Answer(string description, string media, JsonObject schema) => new()
    {
        ["description"] = description,
        ["content"] = new JsonObject { [media] = new JsonObject { ["schema"] = schema } },
    };

    private static JsonObject Parameter(string name, string place, string meaning, bool isRequired) => new()
    {
        ["name"] = name,
        ["in"] = place,
        ["required"] = isRequired,
        ["description"] = meaning,
        ["schema"] = new JsonObject { ["type"] = "string" },
    };

    private static JsonObject Reference(Type type, SortedDictionary<string, JsonNode> schemas)
    {
        if (!schemas.ContainsKey(type.Name))
        {
            schemas[type.Name] = ApiJson.Default.GetTypeInfo(type) is { } known
                ? JsonSchemaExporter.GetJsonSchemaAsNode(known)
                : new JsonObject { ["type"] = "object" };
        }

        return new JsonObject { ["$ref"] = $"#/components/schemas/{type.Name}" };
    }

    private static string Id(ApiOperation operation)
    {
        var words = operation.Path.Replace("/api/v1", "", StringComparison.Ordinal)
            .Split(['/', '-', '{', '}', '.'], StringSplitOptions.RemoveEmptyEntries);
        return operation.Method.ToLowerInvariant()
            + string.Concat(words.Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
    }

    [GeneratedRegex(@"\{(?<name>\w+)\}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex InPath();
}
