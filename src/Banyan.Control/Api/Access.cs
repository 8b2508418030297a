using Banyan.Control.Hosting;
using Banyan.Control.Store;
using Banyan.Control.Tokens;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>What a request may do.</summary>
/// <param name="IsAdmin">Everything; otherwise it may read what everybody on this machine may read.</param>
/// <param name="Name">The name of the token; null without one.</param>
internal sealed record Access(bool IsAdmin, string? Name)
{
    private static readonly object Key = new();

    /// <summary>What was found out about a request.</summary>
    public static Access Of(HttpContext context) => (Access)context.Items[Key]!;

    /// <summary>
    /// Judges a request: the unix socket may do everything, a token what its role allows, anybody else on the loopback
    /// listener may read. False when it was answered with a refusal.
    /// </summary>
    public static async Task<bool> AdmitAsync(
        HttpContext context, Listener listener, StoreView view, DateTimeOffset now)
    {
        if (listener != Listener.Socket && LoopbackGuard.Refusal(context.Request) is { } refusal)
        {
            await Reply.ProblemAsync(context, refusal.Status, refusal.Detail, refusal.Field);
            return false;
        }

        if (view.Awaited is { } awaited && !SaysWhatIsAwaited(context.Request.Path))
        {
            // Whatever was asked, the answer would be that nothing is known: not even who may ask.
            context.Response.Headers.RetryAfter = "1";
            await Reply.ProblemAsync(
                context, StatusCodes.Status503ServiceUnavailable, $"the store has not been read yet: {awaited}");
            return false;
        }

        if (listener == Listener.Socket)
        {
            context.Items[Key] = new Access(IsAdmin: true, null);
            return true;
        }

        var header = context.Request.Headers.Authorization.ToString();
        const string Scheme = "Bearer ";
        var isBearer = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);
        var token = isBearer ? TokenText.Find(view.Tokens, header[Scheme.Length..].Trim(), now) : null;
        if (header.Length > 0 && token is null)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"banyan\", error=\"invalid_token\"";
            await Reply.ProblemAsync(context, StatusCodes.Status401Unauthorized,
                isBearer
                    ? "the token is unknown, revoked or expired; `banyan token create NAME` makes one"
                    : "only bearer tokens are taken: Authorization: Bearer TOKEN",
                "Authorization");
            return false;
        }

        var access = new Access(token?.Role == Token.Admin, token?.Name);
        context.Items[Key] = access;
        var method = context.Request.Method;
        if (!access.IsAdmin && !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method))
        {
            await Reply.ProblemAsync(context, StatusCodes.Status403Forbidden, token is null
                ? "over TCP the API can only be read without a token; changes need an admin token, or the unix socket"
                : $"token {token.Id} ({token.Name}) is read-only", "Authorization");
            return false;
        }

        return true;
    }

    private static bool SaysWhatIsAwaited(PathString path) =>
        path.StartsWithSegments("/ready", StringComparison.Ordinal)
        || path.StartsWithSegments("/api/v1/status", StringComparison.Ordinal);
}
