using System.Globalization;
using Banyan.Control.Store;
using Banyan.Control.Tokens;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>Tokens of the API: made, listed, revoked. For admins only, reading too.</summary>
internal sealed class TokensEndpoint(ConfigStore store, TokenIntake intake, TimeProvider time)
{
    private const long MaxSeconds = 10L * 365 * 24 * 3600;

    /// <summary>GET /api/v1/tokens.</summary>
    public Task ListAsync(HttpContext context)
    {
        if (!Access.Of(context).IsAdmin)
        {
            return Reply.ProblemAsync(
                context, StatusCodes.Status403Forbidden, "tokens are shown to admins only", "Authorization");
        }

        var tokens = store.View.Tokens.Values.OrderBy(token => token.CreatedAt, StringComparer.Ordinal);
        return Reply.JsonAsync(context, new TokenList([.. tokens.Select(Entry)]), ApiJson.Default.TokenList);
    }

    /// <summary>POST /api/v1/tokens: the only answer that ever holds the text.</summary>
    public async Task CreateAsync(HttpContext context)
    {
        var name = QueryValues.Text(context, "name") is { } text && text.Length <= 100 && !text.Any(char.IsControl)
            ? text
            : throw new BadParameterException("name", "is missing, or longer than 100 characters");
        var role = QueryValues.Text(context, "role") ?? Token.ReadOnly;
        if (role is not (Token.Admin or Token.ReadOnly))
        {
            throw new BadParameterException("role", $"is {Token.Admin} or {Token.ReadOnly}");
        }

        var seconds = QueryValues.Number(context, "expiresIn", 1, MaxSeconds);
        var origin = Caller.Origin(context, "token create");
        var (token, secret) = TokenText.Create(
            name, role, origin.By, time.GetUtcNow(), seconds is { } life ? TimeSpan.FromSeconds(life) : null);
        var done = await store.ChangeAsync<bool>(state =>
        {
            var added = intake.Add(state, token, origin);
            return _ => added;
        });
        if (!done)
        {
            await Reply.ProblemAsync(
                context, StatusCodes.Status507InsufficientStorage, $"more than {TokenIntake.Most} tokens");
            return;
        }

        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.Headers.CacheControl = "no-store";
        await Reply.JsonAsync(context, Entry(token) with { Token = secret }, ApiJson.Default.TokenEntry);
    }

    /// <summary>DELETE /api/v1/tokens/{id}.</summary>
    public async Task RevokeAsync(HttpContext context)
    {
        var id = (string)context.Request.RouteValues["id"]!;
        var origin = Caller.Origin(context, "token revoke");
        var done = await store.ChangeAsync<bool>(state =>
        {
            var removed = intake.Remove(state, id, origin);
            return _ => removed;
        });
        await (done ? Reply.NothingAsync(context) : Reply.ProblemAsync(
            context, StatusCodes.Status404NotFound, $"there is no token {id}", "id"));
    }

    private static TokenEntry Entry(Token token) => new(
        token.Id, token.Name, token.Role, Time(token.CreatedAt), token.CreatedBy,
        token.ExpiresAt is { } text ? Time(text) : null);

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}

/// <summary>Answer of GET /api/v1/tokens.</summary>
public sealed record TokenList(IReadOnlyList<TokenEntry> Items);

/// <summary>A token.</summary>
/// <param name="Id">Names it, for revoking.</param>
/// <param name="Name">Who or what it is for.</param>
/// <param name="Role">admin or read-only.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="CreatedBy">By whom.</param>
/// <param name="ExpiresAt">Until when it counts; absent = until it is revoked.</param>
/// <param name="Token">Its text, in the answer that makes it and never again.</param>
public sealed record TokenEntry(
    string Id,
    string Name,
    string Role,
    DateTimeOffset CreatedAt,
    string CreatedBy,
    DateTimeOffset? ExpiresAt,
    string? Token = null);
