using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Banyan.Tests.Control.Access;

/// <summary>The document describes the API that is there.</summary>
public sealed partial class OpenApiTests
{
    [Fact]
    public async Task EveryAddressOfTheDocumentIsThereAndEveryAnswerIsDescribed()
    {
        await using var control = await TestControl.StartAsync();
        using var document = await DocumentAsync(control);
        var described = 0;
        foreach (var path in document.RootElement.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                using var request = new HttpRequestMessage(
                    new HttpMethod(operation.Name.ToUpperInvariant()), Parameter().Replace(path.Name, "x"));
                using var response = await control.Api.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                var place = $"{operation.Name} {path.Name}: {(int)response.StatusCode}";
                Assert.True(response.StatusCode != HttpStatusCode.MethodNotAllowed, place);
                Assert.True(operation.Value.GetProperty("responses").TryGetProperty($"{(int)response.StatusCode}", out var answer), place);
                var media = response.Content.Headers.ContentType?.MediaType;
                if (media is not null)
                {
                    Assert.True(answer.GetProperty("content").TryGetProperty(media, out _), $"{place} {media}");
                }

                Assert.NotEqual("", operation.Value.GetProperty("summary").GetString());
                described++;
            }
        }

        Assert.True(described >= 26, $"{described}");
    }

    [Fact]
    public async Task WhatIsMappedIsDescribed()
    {
        await using var control = await TestControl.StartAsync();
        using var document = await DocumentAsync(control);
        var described = document.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name}"))
            .Order(StringComparer.Ordinal);
        Assert.Equal(control.Plane.Routes.Order(StringComparer.Ordinal), described);
    }

    [Fact]
    public async Task ReferencesAndNamesAreSound()
    {
        await using var control = await TestControl.StartAsync();
        using var document = await DocumentAsync(control);
        var text = document.RootElement.GetRawText();
        var schemas = document.RootElement.GetProperty("components").GetProperty("schemas");
        Assert.All(Reference().Matches(text), match => Assert.True(schemas.TryGetProperty(match.Groups["name"].Value, out _), match.Value));
        var ids = OperationId().Matches(text).Select(match => match.Value).ToList();
        Assert.Equal(ids.Count, ids.Distinct(StringComparer.Ordinal).Count());
        var problem = schemas.GetProperty("ProblemDocument").GetProperty("properties");
        Assert.True(problem.TryGetProperty("problems", out _) && problem.TryGetProperty("detail", out _));
    }

    [GeneratedRegex(@"\{\w+\}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Parameter();

    [GeneratedRegex("\"#/components/schemas/(?<name>\\w+)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Reference();

    [GeneratedRegex("\"operationId\":\"\\w+\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OperationId();

    private static async Task<JsonDocument> DocumentAsync(TestControl control) =>
        JsonDocument.Parse(await control.Api.GetStringAsync("/api/v1/openapi.json"));
}
