using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>One address of the API: what is mapped, and what the OpenAPI document says of it.</summary>
/// <param name="Method">GET, PUT, POST or DELETE.</param>
/// <param name="Path">With parameters in braces.</param>
/// <param name="Summary">What it does, in a sentence.</param>
/// <param name="Handler">What answers.</param>
internal sealed record ApiOperation(string Method, string Path, string Summary, RequestDelegate Handler)
{
    /// <summary>The parameters of the address, each with what it means.</summary>
    public IReadOnlyList<(string Name, string Meaning)> Query { get; init; } = [];

    /// <summary>What the answer is; null = it has no body, or one of another type.</summary>
    public Type? Answer { get; init; }

    /// <summary>The answer's media type, when it is not JSON.</summary>
    public string? AnswerMedia { get; init; }

    /// <summary>The status of success.</summary>
    public int Success { get; init; } = StatusCodes.Status200OK;

    /// <summary>Media types of the body; empty = it has none.</summary>
    public IReadOnlyList<string> Body { get; init; } = [];

    /// <summary>What the body is; null = text of the configuration language.</summary>
    public Type? BodyType { get; init; }

    /// <summary>Statuses of refusals beyond those that every address may answer.</summary>
    public IReadOnlyList<int> Refusals { get; init; } = [];
}
