using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>Rules between the fields of one HTTPRoute.</summary>
internal static class HttpRouteRules
{
    public static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

    public static readonly (string Word, HttpFilterType Value)[] FilterTypes =
    [
        ("RequestHeaderModifier", HttpFilterType.RequestHeaderModifier),
        ("ResponseHeaderModifier", HttpFilterType.ResponseHeaderModifier),
        ("RequestMirror", HttpFilterType.RequestMirror),
        ("RequestRedirect", HttpFilterType.RequestRedirect),
        ("URLRewrite", HttpFilterType.UrlRewrite),
        ("CORS", HttpFilterType.Cors),
        ("ExternalAuth", HttpFilterType.ExternalAuth),
        ("ExtensionRef", HttpFilterType.ExtensionRef),
    ];

    // Fields that say how a message is framed or that belong to one connection: changing them is how requests are
    // smuggled.
    private static readonly string[] Untouchable =
        ["connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "host", "expect"];

    public static string? CheckToken(string text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !"!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal))
            {
                return $"{Quote.Text(text)} is not a valid name of a header field";
            }
        }

        return null;
    }

    public static string? CheckChangedHeader(string text)
    {
        if (CheckToken(text) is { } bad)
        {
            return bad;
        }

        var name = text.ToLowerInvariant();
        return Untouchable.Contains(name, StringComparer.Ordinal) ? $"{name} cannot be changed: it frames the message or names its destination"
            : name.StartsWith("x-banyan-", StringComparison.Ordinal) ? "names that begin with x-banyan- are reserved"
            : null;
    }

    public static string? CheckFieldValue(string text)
    {
        foreach (var c in text)
        {
            if ((c < ' ' && c != '\t') || c == '\x7f')
            {
                return "must not hold control characters";
            }
        }

        return text.Trim(' ', '\t').Length == text.Length ? null : "must not begin or end with a space";
    }

    public static string? ParentKey(ParentReference parent) => parent.Name.Length == 0
        ? null
        : $"{parent.Kind} {(parent.Namespace.Length > 0 ? parent.Namespace + "/" : "")}{parent.Name}"
            + (parent.SectionName.Length > 0 ? $" section {parent.SectionName}" : "")
            + (parent.Port > 0 ? $" port {parent.Port}" : "")
            + (parent.Group.Length > 0 && !parent.IsService ? $" of {parent.Group}" : "");

    public static void CheckPath(HttpPathMatch path, MapNode map, Reading reading)
    {
        if (map.Find("value") is not ScalarNode value)
        {
            if (path.Type != PathMatchType.PathPrefix)
            {
                reading.Add(map, "value", $"is required with type {path.Type}");
            }

            return;
        }

        var message = path.Type == PathMatchType.RegularExpression ? RegexCheck.Check(value.Text) : CheckPathValue(value.Text);
        if (value.Text.Length > 0 && message is not null)
        {
            reading.Add(value, "value", message);
        }
    }

    public static void CheckValueMatch(HttpValueMatch match, MapNode map, Reading reading)
    {
        if (match.Type == ValueMatchType.RegularExpression && match.Value.Length > 0 && RegexCheck.Check(match.Value) is { } message)
        {
            reading.Add(map.Find("value")!, "value", message);
        }
    }

    /// <summary>The filter's type is one that its kind of route has.</summary>
    public static void CheckFilter(HttpRouteFilter filter, MapNode map, Reading reading)
    {
        var type = (ScalarNode)map.Find("type")!;
        var wanted = FieldOf(filter.Type);
        if (!map.Has(wanted))
        {
            reading.Add(map, wanted, $"is required with type {type.Text}");
        }

        foreach (var entry in map.Entries)
        {
            if (entry.Key.Text != wanted && FilterTypes.Any(t => FieldOf(t.Value) == entry.Key.Text) && map.Has(entry.Key.Text))
            {
                reading.Add(entry.Key, entry.Key.Text, $"does not go with type {type.Text}");
            }
        }
    }

    public static void CheckSpec(HttpRouteSpec spec, MapNode map, Reading reading) =>
        CheckMatches(spec.Rules.Sum(rule => rule.Matches.Count), map, reading);

    /// <summary>All matches of a route together are bounded, as in the Gateway API.</summary>
    public static void CheckMatches(int matches, MapNode map, Reading reading)
    {
        if (matches > 128)
        {
            reading.Add(map.Find("rules")!, "rules", $"have {matches} matches together; at most 128 are allowed");
        }
    }

    private static string FieldOf(HttpFilterType type) => type switch
    {
        HttpFilterType.RequestHeaderModifier => "requestHeaderModifier",
        HttpFilterType.ResponseHeaderModifier => "responseHeaderModifier",
        HttpFilterType.RequestMirror => "requestMirror",
        HttpFilterType.RequestRedirect => "requestRedirect",
        HttpFilterType.UrlRewrite => "urlRewrite",
        HttpFilterType.Cors => "cors",
        HttpFilterType.ExternalAuth => "externalAuth",
        _ => "extensionRef",
    };

    private static string? CheckPathValue(string text)
    {
        if (text.Length == 0)
        {
            return null;
        }

        if (text[0] != '/')
        {
            return $"{Quote.Text(text)} must begin with \"/\"";
        }

        foreach (var bad in (ReadOnlySpan<string>)["//", "/./", "/../", "%2f", "%2F", "%5c", "%5C", "%00", "#", "?"])
        {
            if (text.Contains(bad, StringComparison.Ordinal))
            {
                return $"must not contain \"{bad}\"; no canonical path does";
            }
        }

        if (text.EndsWith("/..", StringComparison.Ordinal) || text.EndsWith("/.", StringComparison.Ordinal))
        {
            return "must not end with \"/.\" or \"/..\"; no canonical path does";
        }

        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '%')
            {
                if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
                {
                    return "holds a % that no two hexadecimal digits follow";
                }
            }
            else if (!char.IsAsciiLetterOrDigit(c) && !"-/._~!$&'()*+,;=:@".Contains(c, StringComparison.Ordinal))
            {
                return $"holds the character {Quote.Text(c.ToString())}, which a path writes percent-encoded";
            }
        }

        return null;
    }
}
