using System.Text;
using Banyan.Rules;
using Banyan.Xds;

namespace Banyan.Model;

/// <summary>One match of an HTTPRoute to a RouteMatch.</summary>
internal static class MatchTranslator
{
    public static RouteMatch Translate(HttpRouteMatch match, PathNormalization normalization)
    {
        var result = new RouteMatch();
        SetPath(result, match.Path, normalization);
        if (match.Method.Length > 0)
        {
            result.Headers.Add(new HeaderMatcher { Name = ":method", StringMatch = new StringMatcher { Exact = match.Method } });
        }

        // Of names that differ only in case, the first counts.
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var header in match.Headers)
        {
            var name = header.Name.ToLowerInvariant();
            if (seen.Add(name))
            {
                result.Headers.Add(new HeaderMatcher { Name = name, StringMatch = Value(header) });
            }
        }

        foreach (var query in match.QueryParams)
        {
            result.QueryParameters.Add(new QueryParameterMatcher { Name = query.Name, StringMatch = Value(query) });
        }

        return result;
    }

    private static void SetPath(RouteMatch result, HttpPathMatch path, PathNormalization normalization)
    {
        switch (path.Type)
        {
            case PathMatchType.Exact:
                result.Path = Canonical(path.Value, normalization);
                break;
            case PathMatchType.RegularExpression:
                result.SafeRegex = new RegexMatcher { Regex = path.Value };
                break;
            default:
                // Prefixes are compared by whole elements: "/a" is for "/a" and "/a/b", not for "/ab".
                var prefix = Canonical(path.Value, normalization).TrimEnd('/');
                if (prefix.Length == 0)
                {
                    result.Prefix = "/";
                }
                else
                {
                    result.PathSeparatedPrefix = prefix;
                }

                break;
        }
    }

    private static StringMatcher Value(HttpValueMatch match) => match.Type == ValueMatchType.Exact
        ? new StringMatcher { Exact = match.Value }
        : new StringMatcher { SafeRegex = new RegexMatcher { Regex = match.Value } };

    /// <summary>The form that requests have when they are compared: <c>%7euser</c> is <c>~user</c>.</summary>
    private static string Canonical(string path, PathNormalization normalization)
    {
        if (normalization == PathNormalization.Off)
        {
            return path;
        }

        var bytes = Encoding.UTF8.GetBytes(path);
        var output = new byte[bytes.Length];
        return CanonicalPath.Write(bytes, output, allowEscapedSlashes: false, out var written) == PathOutcome.Rewritten
            ? Encoding.UTF8.GetString(output, 0, written)
            : path;
    }
}
