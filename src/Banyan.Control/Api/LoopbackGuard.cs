using System.Net;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>
/// Guards the TCP listener: a web page must not reach it through the user's browser (Host against rebinding, Origin
/// against forged requests). What else a request may do is judged by <see cref="Access"/>.
/// </summary>
internal static class LoopbackGuard
{
    /// <summary>Why the request is refused; null when it may pass.</summary>
    public static (int Status, string Detail, string Field)? Refusal(HttpRequest request)
    {
        if (!IsLoopback(request.Host))
        {
            return (StatusCodes.Status421MisdirectedRequest,
                $"the Host \"{request.Host}\" is not this machine's loopback; use localhost, 127.0.0.1 or [::1]",
                "Host");
        }

        var origin = request.Headers.Origin;
        if (origin.Count > 0 && !(origin.Count == 1 && Uri.TryCreate(origin[0], UriKind.Absolute, out var from)
            && from.Scheme == request.Scheme && new HostString(from.Host, from.Port) is var host && IsLoopback(host)
            && host.Port == (request.Host.Port ?? 80)))
        {
            return (StatusCodes.Status403Forbidden, $"the Origin \"{origin}\" may not use this API", "Origin");
        }

        return null;
    }

    private static bool IsLoopback(HostString host) =>
        string.Equals(host.Host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Host, out var address) && IPAddress.IsLoopback(address));
}
