using System.Globalization;
using System.Text;
using Banyan.Model.Text;
using Banyan.Rules;
using Banyan.Rules.Authorization;
using Banyan.Rules.Tokens;

namespace Banyan.Model;

/// <summary>What the values of an AuthorizationPolicy may be; each says what is wrong, or null.</summary>
internal static class AuthorizationRules
{
    private const string Scheme = "spiffe://";

    public static string? CheckPrincipal(string text)
    {
        if (text == "*")
        {
            return null;
        }

        if (!text.StartsWith(Scheme, StringComparison.Ordinal) || text.Length == Scheme.Length)
        {
            return $"{Quote.Text(text)} is no SPIFFE ID; write spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT, or * for any verified caller";
        }

        return OnlyAtTheEnd(text)
            ?? (text.All(static c => c is > ' ' and < '\u007f') ? null : $"{Quote.Text(text)} has characters that no SPIFFE ID has");
    }

    public static string? CheckAccount(string text)
    {
        var parts = text.Split('/');
        return parts.Length <= 2 && Array.TrueForAll(parts, static part => part.Length > 0 && Names.CheckLabel(part) is null)
            ? null
            : $"{Quote.Text(text)} is no service account; write NAME or NAMESPACE/NAME";
    }

    public static string? CheckNetwork(string text) =>
        TryReadNetwork(text, out var address, out var bits)
            ? Network.TryCreate(address, bits, out _, out var problem) ? null : problem
            : $"{Quote.Text(text)} is no network; write IP or IP/BITS, for example 10.0.0.0/8";

    /// <summary>The address and the number of its bits that count.</summary>
    public static bool TryReadNetwork(string text, out string address, out int bits)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        address = slash < 0 ? text : text[..slash];
        bits = address.Contains(':', StringComparison.Ordinal) ? 128 : 32;
        return slash < 0 || int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out bits);
    }

    public static string? CheckHost(string text) =>
        Names.CheckSubdomain(text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text) is null
            ? null
            : $"{Quote.Text(text)} is not a host name, nor *. and one; ports do not belong here, see \"ports\"";

    public static string? CheckMethod(string text) => HttpRouteRules.Methods.Contains(text, StringComparer.Ordinal)
        ? null
        : $"{Quote.Text(text)} is not one of {string.Join(", ", HttpRouteRules.Methods)}{Suggestion.Hint(text, HttpRouteRules.Methods)}";

    public static string? CheckPath(string text)
    {
        if (text == "*")
        {
            return null;
        }

        if (text[0] != '/')
        {
            return $"{Quote.Text(text)} must begin with /";
        }

        if (text.AsSpan().IndexOfAny('?', '#') >= 0)
        {
            return $"{Quote.Text(text)}: only the path is compared; leave the query out";
        }

        if (OnlyAtTheEnd(text) is { } problem)
        {
            return problem;
        }

        if (text.AsSpan().IndexOfAnyExceptInRange('!', '~') >= 0)
        {
            return $"{Quote.Text(text)}: write other than visible ASCII percent-encoded, as requests have it";
        }

        // A * at the end is no part of the path.
        var bytes = Encoding.UTF8.GetBytes(text.TrimEnd('*'));
        var output = new byte[bytes.Length];
        return CanonicalPath.Write(bytes, output, allowEscapedSlashes: false, out var written) switch
        {
            PathOutcome.Unchanged => null,
            PathOutcome.Rewritten =>
                $"{Quote.Text(text)} is compared with canonical paths and would never match; write "
                + Quote.Text(Encoding.UTF8.GetString(output, 0, written) + (text[^1] == '*' ? "*" : "")),
            _ => $"{Quote.Text(text)} is a path that proxies refuse: it would never match",
        };
    }

    public static string? CheckGrpcMethod(string text)
    {
        var parts = text.Split('/');
        return parts is [{ Length: > 0 } service, { Length: > 0 } method]
            && service.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.')
            && (method == "*" || method.All(static c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            ? null
            : $"{Quote.Text(text)} is no call of gRPC; write package.Service/Method or package.Service/*";
    }

    public static string? CheckKeysUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.Host.Length > 0
            && url.UserInfo.Length == 0 && url.Fragment.Length == 0
            ? null
            : $"{Quote.Text(text)} is no address of a key set; write an http or https URL without user and fragment";

    /// <summary>What a sidecar takes for itself, or writes itself: no token would arrive there.</summary>
    private static readonly HashSet<string> OwnFields = new(StringComparer.OrdinalIgnoreCase)
    {
        "host", "connection", "content-length", "transfer-encoding", "te", "upgrade", "keep-alive", "trailer", "expect",
        "proxy-connection", "proxy-authorization", "traceparent", "x-forwarded-client-cert",
    };

    public static string? CheckTokenHeader(string text) =>
        OwnFields.Contains(text) || text.StartsWith("x-banyan-", StringComparison.OrdinalIgnoreCase)
            ? $"{Quote.Text(text)} is a field that sidecars use up themselves; write for example authorization or x-token"
        : text.All(static c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal))
            ? null
            : $"{Quote.Text(text)} is no name of a header field; write for example authorization or x-token";

    public static string? CheckClaimName(string text) => text.Length is 0 or > 256
        ? "the name of a claim has 1 to 256 characters"
        : new PolicyClaim(text, []).Path is var path && (path.Count > TokenLimits.ClaimDepth || path.Any(static each => each.Length == 0))
            ? $"{Quote.Text(text)} is no claim; write NAME, or OBJECT.NAME with at most {TokenLimits.ClaimDepth} parts for one in an object"
            : null;

    public static string? CheckClaimValue(string text) => OnlyAtTheEnd(text);

    private static string? OnlyAtTheEnd(string text) =>
        text.IndexOf('*', StringComparison.Ordinal) is var at && at >= 0 && at < text.Length - 1
            ? $"{Quote.Text(text)}: a * stands at the end only"
            : null;
}
