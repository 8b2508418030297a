using Banyan.Control.Store;
using Banyan.Model;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>GET /api/v1/authorization: what sidecars decide about a call, and by which policy.</summary>
internal sealed class AuthorizationEndpoint(ConfigStore store)
{
    /// <summary>The decision, explained.</summary>
    /// <exception cref="BadParameterException">There is no such caller, service or port.</exception>
    public Task CheckAsync(HttpContext context)
    {
        var question = new AuthorizationQuestion(
            QueryValues.Text(context, "from") ?? "",
            QueryValues.Text(context, "to") ?? throw new BadParameterException("to", "is needed"),
            (int)(QueryValues.Number(context, "port", 1, 65_535) ?? 0),
            QueryValues.Text(context, "method") ?? "GET",
            QueryValues.Text(context, "path") ?? "/");
        var problem = AuthorizationCheck.Explain(
            store.View.Objects.Values.Select(each => each.Written), question, out var answer, out var field);
        if (answer is null)
        {
            throw new BadParameterException(field, $"cannot be answered: {problem}");
        }

        return Reply.JsonAsync(context, answer, ApiJson.Default.AuthorizationAnswer);
    }
}
